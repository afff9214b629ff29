-- Funding received (negative: paid) by month, venue and contract, newest run of each mode.
SELECT r.mode, date_trunc('month', e.ts)::DATE AS month, e.venue, e.token AS contract,
       count(*) AS settlements, sum(e.amount) AS usdt_received
FROM results.latest_events AS e
JOIN results.runs AS r USING (run_id)
WHERE e.event_type = 'funding_settlement'
GROUP BY ALL
ORDER BY r.mode, month, e.venue;
