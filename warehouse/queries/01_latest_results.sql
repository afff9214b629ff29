-- The newest finished run of each mode, with its key figures.
-- NAV and costs are in the run's share-class currency.
SELECT r.mode, r.share_class, r.window_start::DATE AS first_day, r.window_end::DATE AS last_day, s.final_nav,
       s.apr, s.max_drawdown, s.total_trades, s.total_costs, s.max_abs_residual, s.proxied_rows, r.data_source, r.run_id
FROM results.latest_runs AS r
JOIN results.summary AS s USING (run_id)
ORDER BY r.mode;
