-- How much of what the newest runs read was not observed: proxied and projected rows by series.
SELECT r.mode, i.series, sum(i.rows) AS rows_read, sum(i.proxied_rows) AS proxied, sum(i.projected_rows) AS projected,
       string_agg(DISTINCT i.source, ', ' ORDER BY i.source) AS files
FROM results.latest_run_inputs AS i
JOIN results.runs AS r USING (run_id)
GROUP BY r.mode, i.series
ORDER BY proxied DESC, r.mode, i.series;
