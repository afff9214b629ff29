-- The deepest point of each mode's newest run, and when the peak before it was.
WITH deepest AS (
    SELECT run_id, arg_min(ts, drawdown) AS trough_at, min(drawdown) AS drawdown
    FROM results.latest_hourly_pnl
    GROUP BY run_id
)
SELECT r.mode, d.drawdown, max(h.nav) AS peak_nav, arg_max(h.ts, h.nav) AS peak_at, d.trough_at
FROM deepest AS d
JOIN results.hourly_pnl AS h ON h.run_id = d.run_id AND h.ts <= d.trough_at
JOIN results.runs AS r ON r.run_id = d.run_id
GROUP BY r.mode, d.drawdown, d.trough_at
ORDER BY d.drawdown;
