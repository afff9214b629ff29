-- Where the money came from: P&L by month and component, newest run of each mode.
SELECT r.mode, date_trunc('month', a.ts)::DATE AS month, a.component, sum(a.pnl) AS pnl
FROM results.latest_pnl_attribution AS a
JOIN results.runs AS r USING (run_id)
GROUP BY ALL
HAVING abs(sum(a.pnl)) > 0
ORDER BY r.mode, month, pnl DESC;
