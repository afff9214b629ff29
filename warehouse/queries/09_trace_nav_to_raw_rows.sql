-- From one NAV row to the rows of the raw files behind it: the positions at that hour, the loads the run read,
-- and the newest row each load had observed by then. Here: the last hour of the newest run; put your own into `point`.
WITH point AS (
    SELECT h.run_id, h.ts, h.nav
    FROM results.hourly_pnl AS h
    JOIN (SELECT run_id FROM results.latest_runs ORDER BY finished_at DESC LIMIT 1) USING (run_id)
    ORDER BY h.ts DESC
    LIMIT 1
), observed AS (
    SELECT load_id, ts, source, source_row, format('{} {} open {}', venue, symbol, open) AS row_read
    FROM observed.spot_prices
    UNION ALL BY NAME
    SELECT load_id, ts, source, source_row, format('{} {} open {}', venue, symbol, open) AS row_read
    FROM observed.perp_prices
    UNION ALL BY NAME
    SELECT load_id, ts, source, source_row, format('{} {} rate {}', venue, symbol, rate) AS row_read
    FROM observed.funding_rates
    UNION ALL BY NAME
    SELECT load_id, ts, source, source_row,
           format('{} liquidity index {} borrow index {}', asset, liquidity_index, variable_borrow_index) AS row_read
    FROM observed.aave_reserves
    UNION ALL BY NAME
    SELECT load_id, ts, source, source_row,
           format('{} oracle {} market {}', lst, oracle_rate::VARCHAR, market_rate::VARCHAR) AS row_read
    FROM observed.lst_rates
    UNION ALL BY NAME
    SELECT load_id, ts, source, source_row, format('gas {} gwei', gas_price_gwei) AS row_read
    FROM observed.gas_prices
)
SELECT p.ts AS nav_at, p.nav, i.series, i.load_id, max(o.ts) AS observed_at, arg_max(o.source, o.ts) AS file,
       arg_max(o.source_row, o.ts) AS file_row, arg_max(o.row_read, o.ts) AS row_read
FROM point AS p
JOIN results.run_inputs AS i USING (run_id)
JOIN observed AS o ON o.load_id = i.load_id AND o.ts <= p.ts
GROUP BY p.ts, p.nav, i.series, i.load_id
ORDER BY i.series, observed_at DESC;
