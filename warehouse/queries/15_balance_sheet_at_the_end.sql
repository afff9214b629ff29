-- Every position at the last hour of the newest run of each mode; the values of a run add up to its NAV.
SELECT r.mode, b.position_key, b.quantity, b.unit_value, b.value, sum(b.value) OVER (PARTITION BY b.run_id) AS nav
FROM results.latest_balance_sheet AS b
JOIN results.runs AS r ON r.run_id = b.run_id AND b.ts = r.window_end
ORDER BY r.mode, abs(b.value) DESC;
