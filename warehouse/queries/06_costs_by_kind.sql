-- What trading cost, by kind, and as a share of the starting capital; newest run of each mode.
SELECT r.mode, a.component AS kind, sum(a.pnl) AS cost, sum(a.pnl) / any_value(r.initial_capital) AS share_of_capital
FROM results.latest_pnl_attribution AS a
JOIN results.runs AS r USING (run_id)
WHERE a.component IN ('gas', 'trading_fees', 'slippage', 'flash_loan_fee', 'liquidation_pnl')
GROUP BY r.mode, a.component
ORDER BY r.mode, cost;
