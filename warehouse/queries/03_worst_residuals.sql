-- The hours in which P&L and its attribution differ most; all of it should be floating-point noise (below 1e-9 of NAV).
SELECT r.mode, r.run_id, h.ts, h.pnl, h.residual, abs(h.residual) / h.nav AS residual_over_nav
FROM results.latest_hourly_pnl AS h
JOIN results.runs AS r USING (run_id)
ORDER BY residual_over_nav DESC
LIMIT 20;
