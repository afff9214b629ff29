-- One run, many rows. Every table is keyed by run_id, one file per run, written once.
-- run_starts and run_ends are the journal of runs; results.runs (views/results_runs.sql) joins them. run_ends is
-- written last: the other views show a run only when its run_ends row says success.
CREATE SCHEMA results;

CREATE TABLE results.run_starts (
    run_id             VARCHAR NOT NULL,
    request_id         VARCHAR DEFAULT NULL,
    mode               VARCHAR NOT NULL,
    share_class        VARCHAR NOT NULL,
    window_start       TIMESTAMPTZ NOT NULL,
    window_end         TIMESTAMPTZ NOT NULL,
    initial_capital    DOUBLE NOT NULL,
    config_json        VARCHAR NOT NULL,
    config_hash        VARCHAR NOT NULL,
    code_version       VARCHAR NOT NULL,
    started_at         TIMESTAMPTZ NOT NULL,
    pid                BIGINT NOT NULL,
    host               VARCHAR NOT NULL,
    process_started_at TIMESTAMPTZ NOT NULL,
    progress           DOUBLE NOT NULL,
    PRIMARY KEY (run_id)
);
COMMENT ON TABLE results.run_starts IS 'Journal: one row when a run begins; see results.runs';
COMMENT ON COLUMN results.run_starts.run_id IS 'Identity of the run';
COMMENT ON COLUMN results.run_starts.request_id IS 'Request the run answers; the Dagster run id under Dagster';
COMMENT ON COLUMN results.run_starts.mode IS 'Strategy mode as named in configs/modes';
COMMENT ON COLUMN results.run_starts.share_class IS 'Share class; its currency is the unit of all amounts';
COMMENT ON COLUMN results.run_starts.window_start IS 'First hour of the window';
COMMENT ON COLUMN results.run_starts.window_end IS 'Last hour of the window, included';
COMMENT ON COLUMN results.run_starts.initial_capital IS 'Starting capital in the share-class currency';
COMMENT ON COLUMN results.run_starts.config_json IS 'Effective configuration, whole, as JSON';
COMMENT ON COLUMN results.run_starts.config_hash IS 'sha256 of the canonical config_json';
COMMENT ON COLUMN results.run_starts.code_version IS 'Version of the code that ran';
COMMENT ON COLUMN results.run_starts.started_at IS 'When the run began';
COMMENT ON COLUMN results.run_starts.pid IS 'Process that runs it';
COMMENT ON COLUMN results.run_starts.host IS 'Machine of that process';
COMMENT ON COLUMN results.run_starts.process_started_at IS 'Start of that process: tells it from a later one with the same pid';
COMMENT ON COLUMN results.run_starts.progress IS 'Share of the window done when last reported, 0 to 1';

CREATE TABLE results.run_ends (
    run_id        VARCHAR NOT NULL,
    status        VARCHAR NOT NULL,
    finished_at   TIMESTAMPTZ NOT NULL,
    data_version  VARCHAR DEFAULT NULL,
    data_source   VARCHAR DEFAULT NULL,
    result_digest VARCHAR DEFAULT NULL,
    proxied_rows  BIGINT DEFAULT NULL,
    error_json    VARCHAR DEFAULT NULL,
    PRIMARY KEY (run_id)
);
COMMENT ON TABLE results.run_ends IS 'Journal: one row when a run ends, written after all its tables; see results.runs';
COMMENT ON COLUMN results.run_ends.run_id IS 'Identity of the run';
COMMENT ON COLUMN results.run_ends.status IS 'success, failed or cancelled';
COMMENT ON COLUMN results.run_ends.finished_at IS 'When the run ended';
COMMENT ON COLUMN results.run_ends.data_version IS 'Hash of exactly the rows the run read; NULL when it failed before reading them';
COMMENT ON COLUMN results.run_ends.data_source IS 'Label of the data folder, e.g. csv or synthetic';
COMMENT ON COLUMN results.run_ends.result_digest IS 'Hash of the results: equal inputs give equal digests';
COMMENT ON COLUMN results.run_ends.proxied_rows IS 'Input rows in the window that a proxy stood in for';
COMMENT ON COLUMN results.run_ends.error_json IS 'Why the run failed, in the error format';

CREATE TABLE results.summary (
    run_id            VARCHAR NOT NULL,
    final_nav         DOUBLE NOT NULL,
    total_return      DOUBLE NOT NULL,
    apr               DOUBLE,
    apy               DOUBLE,
    volatility        DOUBLE,
    sharpe            DOUBLE,
    max_drawdown      DOUBLE NOT NULL,
    target_apy        DOUBLE,
    apy_vs_target     DOUBLE,
    total_trades      BIGINT NOT NULL,
    total_costs       DOUBLE NOT NULL,
    min_health_factor DOUBLE,
    max_ltv           DOUBLE,
    min_margin_ratio  DOUBLE,
    max_abs_residual  DOUBLE NOT NULL,
    hours             BIGINT NOT NULL,
    proxied_rows      BIGINT NOT NULL,
    money_weighted_return DOUBLE DEFAULT NULL,
    PRIMARY KEY (run_id)
);
COMMENT ON TABLE results.summary IS 'Key figures of a run';
COMMENT ON COLUMN results.summary.run_id IS 'Run the row belongs to';
COMMENT ON COLUMN results.summary.final_nav IS 'NAV at the last hour';
COMMENT ON COLUMN results.summary.total_return IS 'Time-weighted return over the window; without cash flows final_nav / initial_capital - 1';
COMMENT ON COLUMN results.summary.apr IS 'Return per year, simple';
COMMENT ON COLUMN results.summary.apy IS 'Return per year, compounded';
COMMENT ON COLUMN results.summary.volatility IS 'Annualised standard deviation of returns; NULL when the window is too short';
COMMENT ON COLUMN results.summary.sharpe IS 'Annualised return over volatility; NULL when volatility is zero or unknown';
COMMENT ON COLUMN results.summary.max_drawdown IS 'Deepest fall of NAV from an earlier peak, fraction of the peak, zero or negative';
COMMENT ON COLUMN results.summary.target_apy IS 'Target of the mode';
COMMENT ON COLUMN results.summary.apy_vs_target IS 'apy - target_apy';
COMMENT ON COLUMN results.summary.total_trades IS 'Spot and perpetual trades';
COMMENT ON COLUMN results.summary.total_costs IS 'Gas, fees and slippage together';
COMMENT ON COLUMN results.summary.min_health_factor IS 'Lowest Aave health factor; NULL without debt';
COMMENT ON COLUMN results.summary.max_ltv IS 'Highest loan to value; NULL without debt';
COMMENT ON COLUMN results.summary.min_margin_ratio IS 'Lowest margin ratio of any venue; NULL without perpetuals';
COMMENT ON COLUMN results.summary.max_abs_residual IS 'Largest absolute hourly P&L the attribution does not explain';
COMMENT ON COLUMN results.summary.hours IS 'Hours in the window';
COMMENT ON COLUMN results.summary.proxied_rows IS 'Input rows in the window that a proxy stood in for';
COMMENT ON COLUMN results.summary.money_weighted_return IS 'Annual rate at which capital and flows grow to final_nav; equals apy without flows, NULL when there is none';

CREATE TABLE results.hourly_pnl (
    run_id         VARCHAR NOT NULL,
    ts             TIMESTAMPTZ NOT NULL,
    nav            DOUBLE NOT NULL,
    net_flows      DOUBLE NOT NULL,
    pnl            DOUBLE NOT NULL,
    cumulative_pnl DOUBLE NOT NULL,
    drawdown       DOUBLE NOT NULL,
    residual       DOUBLE NOT NULL,
    market_valuation_gap DOUBLE DEFAULT NULL,
    PRIMARY KEY (run_id, ts)
);
COMMENT ON TABLE results.hourly_pnl IS 'NAV and P&L by hour';
COMMENT ON COLUMN results.hourly_pnl.run_id IS 'Run the row belongs to';
COMMENT ON COLUMN results.hourly_pnl.ts IS 'Hour; the state is the one after the hour''s trades';
COMMENT ON COLUMN results.hourly_pnl.nav IS 'Net asset value';
COMMENT ON COLUMN results.hourly_pnl.net_flows IS 'Deposits less withdrawals in the hour';
COMMENT ON COLUMN results.hourly_pnl.pnl IS 'Change of NAV less net_flows; the first hour is against initial_capital';
COMMENT ON COLUMN results.hourly_pnl.cumulative_pnl IS 'Sum of pnl since the start';
COMMENT ON COLUMN results.hourly_pnl.drawdown IS 'Fall from the highest NAV so far, fraction of it, zero or negative';
COMMENT ON COLUMN results.hourly_pnl.residual IS 'pnl less the sum of its attribution: floating-point noise';
COMMENT ON COLUMN results.hourly_pnl.market_valuation_gap IS 'What NAV would change by if staked ETH were valued at the DEX rate instead of the oracle rate; NULL where no market rate is known or nothing is staked';

CREATE TABLE results.pnl_attribution (
    run_id         VARCHAR NOT NULL,
    ts             TIMESTAMPTZ NOT NULL,
    component      VARCHAR NOT NULL,
    pnl            DOUBLE NOT NULL,
    cumulative_pnl DOUBLE NOT NULL,
    PRIMARY KEY (run_id, ts, component)
);
COMMENT ON TABLE results.pnl_attribution IS 'P&L by hour and source, long form; zero rows may be left out';
COMMENT ON COLUMN results.pnl_attribution.run_id IS 'Run the row belongs to';
COMMENT ON COLUMN results.pnl_attribution.ts IS 'Hour; the state is the one after the hour''s trades';
COMMENT ON COLUMN results.pnl_attribution.component IS 'supply_yield, staking_yield_oracle, borrow_costs, delta_pnl, basis_pnl, funding_pnl, staking_yield_rewards, dust_pnl, gas, trading_fees, slippage, flash_loan_fee, liquidation_pnl';
COMMENT ON COLUMN results.pnl_attribution.pnl IS 'Contribution in the hour';
COMMENT ON COLUMN results.pnl_attribution.cumulative_pnl IS 'Contribution since the start';

CREATE TABLE results.events (
    run_id       VARCHAR NOT NULL,
    seq          BIGINT NOT NULL,
    ts           TIMESTAMPTZ NOT NULL,
    event_type   VARCHAR NOT NULL,
    venue        VARCHAR,
    token        VARCHAR,
    amount       DOUBLE,
    price        DOUBLE,
    bundle_id    VARCHAR,
    leg          INTEGER,
    status       VARCHAR NOT NULL,
    reason       VARCHAR,
    cost_total   DOUBLE,
    details_json VARCHAR,
    PRIMARY KEY (run_id, seq)
);
COMMENT ON TABLE results.events IS 'Every operation, settlement, decision and breach, in order';
COMMENT ON COLUMN results.events.run_id IS 'Run the row belongs to';
COMMENT ON COLUMN results.events.seq IS 'Global order within the run';
COMMENT ON COLUMN results.events.ts IS 'Hour of the event';
COMMENT ON COLUMN results.events.event_type IS 'Kind of event, e.g. perp_trade, funding_settlement';
COMMENT ON COLUMN results.events.venue IS 'Venue concerned';
COMMENT ON COLUMN results.events.token IS 'Token or perpetual symbol concerned';
COMMENT ON COLUMN results.events.amount IS 'Signed from our side, in units of token; USDT for funding settlements';
COMMENT ON COLUMN results.events.price IS 'Price of the trade or mark of the settlement';
COMMENT ON COLUMN results.events.bundle_id IS 'Atomic bundle the event is a leg of';
COMMENT ON COLUMN results.events.leg IS 'Number of the leg within its bundle, from 1';
COMMENT ON COLUMN results.events.status IS 'Outcome, e.g. completed';
COMMENT ON COLUMN results.events.reason IS 'Why it was done';
COMMENT ON COLUMN results.events.cost_total IS 'Value lost in execution: gas, fees and slippage';
COMMENT ON COLUMN results.events.details_json IS 'Costs by kind, rates and balances after, as JSON';

CREATE TABLE results.postings (
    run_id        VARCHAR NOT NULL,
    seq           BIGINT NOT NULL,
    leg           INTEGER NOT NULL,
    position_key  VARCHAR NOT NULL,
    ts            TIMESTAMPTZ NOT NULL,
    delta         DOUBLE NOT NULL,
    balance_after DOUBLE NOT NULL,
    PRIMARY KEY (run_id, seq, leg, position_key)
);
COMMENT ON TABLE results.postings IS 'Every change of a stored balance; replaying them gives every balance';
COMMENT ON COLUMN results.postings.run_id IS 'Run the row belongs to';
COMMENT ON COLUMN results.postings.seq IS 'Event the posting belongs to';
COMMENT ON COLUMN results.postings.leg IS 'Number of the posting within its event';
COMMENT ON COLUMN results.postings.position_key IS 'venue:type:symbol';
COMMENT ON COLUMN results.postings.ts IS 'Hour of the posting';
COMMENT ON COLUMN results.postings.delta IS 'Change in the stored unit: scaled balance on Aave, signed size for perpetuals';
COMMENT ON COLUMN results.postings.balance_after IS 'Stored balance after it';

CREATE TABLE results.balance_sheet (
    run_id       VARCHAR NOT NULL,
    ts           TIMESTAMPTZ NOT NULL,
    position_key VARCHAR NOT NULL,
    quantity     DOUBLE NOT NULL,
    unit_value   DOUBLE,
    value        DOUBLE NOT NULL,
    PRIMARY KEY (run_id, ts, position_key)
);
COMMENT ON TABLE results.balance_sheet IS 'Every position by hour; value sums to NAV';
COMMENT ON COLUMN results.balance_sheet.run_id IS 'Run the row belongs to';
COMMENT ON COLUMN results.balance_sheet.ts IS 'Hour; the state is the one after the hour''s trades';
COMMENT ON COLUMN results.balance_sheet.position_key IS 'venue:type:symbol';
COMMENT ON COLUMN results.balance_sheet.quantity IS 'Units held; signed size for perpetuals';
COMMENT ON COLUMN results.balance_sheet.unit_value IS 'Value of one unit; NULL where a unit has none, as for perpetuals';
COMMENT ON COLUMN results.balance_sheet.value IS 'Contribution to NAV; unrealised P&L for perpetuals';

CREATE TABLE results.exposures (
    run_id          VARCHAR NOT NULL,
    ts              TIMESTAMPTZ NOT NULL,
    asset           VARCHAR NOT NULL,
    net_delta       DOUBLE NOT NULL,
    onchain_delta   DOUBLE NOT NULL,
    exchange_delta  DOUBLE NOT NULL,
    net_delta_value DOUBLE NOT NULL,
    PRIMARY KEY (run_id, ts, asset)
);
COMMENT ON TABLE results.exposures IS 'Price exposure by asset and hour';
COMMENT ON COLUMN results.exposures.run_id IS 'Run the row belongs to';
COMMENT ON COLUMN results.exposures.ts IS 'Hour; the state is the one after the hour''s trades';
COMMENT ON COLUMN results.exposures.asset IS 'Underlying asset';
COMMENT ON COLUMN results.exposures.net_delta IS 'On-chain plus exchange, units of the asset';
COMMENT ON COLUMN results.exposures.onchain_delta IS 'Wallet, Aave and staked, units';
COMMENT ON COLUMN results.exposures.exchange_delta IS 'Exchange accounts and perpetuals, units';
COMMENT ON COLUMN results.exposures.net_delta_value IS 'net_delta at the asset''s price';

CREATE TABLE results.risk_metrics (
    run_id   VARCHAR NOT NULL,
    ts       TIMESTAMPTZ NOT NULL,
    metric   VARCHAR NOT NULL,
    venue    VARCHAR,
    value    DOUBLE,
    warning  DOUBLE,
    critical DOUBLE,
    state    VARCHAR NOT NULL,
    UNIQUE (run_id, ts, metric, venue)
);
COMMENT ON TABLE results.risk_metrics IS 'Risk measures by hour against their levels';
COMMENT ON COLUMN results.risk_metrics.run_id IS 'Run the row belongs to';
COMMENT ON COLUMN results.risk_metrics.ts IS 'Hour; the state is the one after the hour''s trades';
COMMENT ON COLUMN results.risk_metrics.metric IS 'margin_ratio, maintenance_ratio, delta, health_factor, ltv, peg';
COMMENT ON COLUMN results.risk_metrics.venue IS 'Venue measured; NULL for the whole portfolio';
COMMENT ON COLUMN results.risk_metrics.value IS 'Measure; NULL where it does not exist, as a health factor without debt';
COMMENT ON COLUMN results.risk_metrics.warning IS 'Warning level';
COMMENT ON COLUMN results.risk_metrics.critical IS 'Critical level';
COMMENT ON COLUMN results.risk_metrics.state IS 'ok, warning or critical';

CREATE TABLE results.run_inputs (
    run_id         VARCHAR NOT NULL,
    series         VARCHAR NOT NULL,
    dataset        VARCHAR NOT NULL,
    load_id        VARCHAR NOT NULL,
    source         VARCHAR NOT NULL,
    rows           BIGINT NOT NULL,
    proxied_rows   BIGINT NOT NULL,
    projected_rows BIGINT NOT NULL,
    first_ts       TIMESTAMPTZ NOT NULL,
    last_ts        TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (run_id, series, load_id, source)
);
COMMENT ON TABLE results.run_inputs IS 'Which loads each series of a run was read from';
COMMENT ON COLUMN results.run_inputs.run_id IS 'Run the row belongs to';
COMMENT ON COLUMN results.run_inputs.series IS 'Series as the engine names it, e.g. perp:bybit:BTCUSDT';
COMMENT ON COLUMN results.run_inputs.dataset IS 'Dataset as named in configs/datasets';
COMMENT ON COLUMN results.run_inputs.load_id IS 'Load the rows came from; joins quality.loads and observed.*';
COMMENT ON COLUMN results.run_inputs.source IS '<label>/<file name>';
COMMENT ON COLUMN results.run_inputs.rows IS 'Rows read';
COMMENT ON COLUMN results.run_inputs.proxied_rows IS 'Of these, rows a proxy stood in for';
COMMENT ON COLUMN results.run_inputs.projected_rows IS 'Of these, rows carried forward from an earlier observation';
COMMENT ON COLUMN results.run_inputs.first_ts IS 'First instant read';
COMMENT ON COLUMN results.run_inputs.last_ts IS 'Last instant read';
