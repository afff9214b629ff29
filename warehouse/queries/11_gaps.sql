-- Missing stretches of every series, longest first, and what stood in for them.
SELECT dataset, venue, symbol, gap_start, gap_end, missing, resolution
FROM quality.gaps
ORDER BY missing DESC, dataset, gap_start
LIMIT 100;
