-- The lowest margin ratio of each day and venue that came under its warning level, newest run of each mode.
SELECT r.mode, m.venue, date_trunc('day', m.ts)::DATE AS day, min(m.value) AS lowest, arg_min(m.ts, m.value) AS at_hour,
       any_value(m.warning) AS warning, any_value(m.critical) AS critical
FROM results.latest_risk_metrics AS m
JOIN results.runs AS r USING (run_id)
WHERE m.metric = 'margin_ratio'
GROUP BY r.mode, m.venue, day
HAVING min(m.value) < any_value(m.warning)
ORDER BY lowest
LIMIT 50;
