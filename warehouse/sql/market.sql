-- Validated inputs as runs read them, one file per data folder: rows that were proxied or projected say so.
CREATE SCHEMA market;

CREATE TABLE market.spot_prices (
    ts           TIMESTAMPTZ NOT NULL,
    venue        VARCHAR NOT NULL,
    symbol       VARCHAR NOT NULL,
    open         DOUBLE NOT NULL,
    high         DOUBLE NOT NULL,
    low          DOUBLE NOT NULL,
    close        DOUBLE NOT NULL,
    volume       DOUBLE,
    source       VARCHAR NOT NULL,
    is_projected BOOLEAN NOT NULL,
    is_proxied   BOOLEAN NOT NULL,
    proxy_of     VARCHAR,
    load_id      VARCHAR NOT NULL,
    data_root_id VARCHAR NOT NULL,
    PRIMARY KEY (data_root_id, ts, venue, symbol)
);
COMMENT ON TABLE market.spot_prices IS 'Hourly spot bars by venue and symbol; a bar carries its open time';
COMMENT ON COLUMN market.spot_prices.ts IS 'Open time of the bar';
COMMENT ON COLUMN market.spot_prices.venue IS 'Exchange or pool: binance, bybit, okx, uniswap';
COMMENT ON COLUMN market.spot_prices.symbol IS 'Instrument, e.g. BTCUSDT; EIGENWETH and ETHFIWETH are quoted in WETH';
COMMENT ON COLUMN market.spot_prices.open IS 'First price of the bar in the quote token: the price at ts';
COMMENT ON COLUMN market.spot_prices.high IS 'Highest price of the bar; not known at ts';
COMMENT ON COLUMN market.spot_prices.low IS 'Lowest price of the bar; not known at ts';
COMMENT ON COLUMN market.spot_prices.close IS 'Last price of the bar; not known at ts';
COMMENT ON COLUMN market.spot_prices.volume IS 'Traded volume as the venue reports it; base tokens on exchanges, contracts on OKX perps';
COMMENT ON COLUMN market.spot_prices.source IS 'What the row came from: <label>/<file name>';
COMMENT ON COLUMN market.spot_prices.is_projected IS 'True when no observation stands at this time and the value was carried forward from the past';
COMMENT ON COLUMN market.spot_prices.is_proxied IS 'True when a declared proxy stands in for a missing row';
COMMENT ON COLUMN market.spot_prices.proxy_of IS 'Venue or series the value was taken from when is_proxied';
COMMENT ON COLUMN market.spot_prices.load_id IS 'Load the value came from; joins quality.loads and observed.*';
COMMENT ON COLUMN market.spot_prices.data_root_id IS 'Data folder this row belongs to; market.* shows the folder selected last';

CREATE TABLE market.perp_prices (
    ts           TIMESTAMPTZ NOT NULL,
    venue        VARCHAR NOT NULL,
    symbol       VARCHAR NOT NULL,
    open         DOUBLE NOT NULL,
    high         DOUBLE NOT NULL,
    low          DOUBLE NOT NULL,
    close        DOUBLE NOT NULL,
    volume       DOUBLE,
    source       VARCHAR NOT NULL,
    is_projected BOOLEAN NOT NULL,
    is_proxied   BOOLEAN NOT NULL,
    proxy_of     VARCHAR,
    load_id      VARCHAR NOT NULL,
    data_root_id VARCHAR NOT NULL,
    PRIMARY KEY (data_root_id, ts, venue, symbol)
);
COMMENT ON TABLE market.perp_prices IS 'Hourly perpetual bars by venue and symbol; the open serves as mark price at ts';
COMMENT ON COLUMN market.perp_prices.ts IS 'Open time of the bar';
COMMENT ON COLUMN market.perp_prices.venue IS 'Exchange or pool: binance, bybit, okx, uniswap';
COMMENT ON COLUMN market.perp_prices.symbol IS 'Instrument, e.g. BTCUSDT; EIGENWETH and ETHFIWETH are quoted in WETH';
COMMENT ON COLUMN market.perp_prices.open IS 'First price of the bar in the quote token: the price at ts';
COMMENT ON COLUMN market.perp_prices.high IS 'Highest price of the bar; not known at ts';
COMMENT ON COLUMN market.perp_prices.low IS 'Lowest price of the bar; not known at ts';
COMMENT ON COLUMN market.perp_prices.close IS 'Last price of the bar; not known at ts';
COMMENT ON COLUMN market.perp_prices.volume IS 'Traded volume as the venue reports it; base tokens on exchanges, contracts on OKX perps';
COMMENT ON COLUMN market.perp_prices.source IS 'What the row came from: <label>/<file name>';
COMMENT ON COLUMN market.perp_prices.is_projected IS 'True when no observation stands at this time and the value was carried forward from the past';
COMMENT ON COLUMN market.perp_prices.is_proxied IS 'True when a declared proxy stands in for a missing row';
COMMENT ON COLUMN market.perp_prices.proxy_of IS 'Venue or series the value was taken from when is_proxied';
COMMENT ON COLUMN market.perp_prices.load_id IS 'Load the value came from; joins quality.loads and observed.*';
COMMENT ON COLUMN market.perp_prices.data_root_id IS 'Data folder this row belongs to; market.* shows the folder selected last';

CREATE TABLE market.funding_rates (
    ts             TIMESTAMPTZ NOT NULL,
    venue          VARCHAR NOT NULL,
    symbol         VARCHAR NOT NULL,
    rate           DOUBLE NOT NULL,
    interval_hours DOUBLE NOT NULL,
    source         VARCHAR NOT NULL,
    is_projected   BOOLEAN NOT NULL,
    is_proxied     BOOLEAN NOT NULL,
    proxy_of       VARCHAR,
    load_id        VARCHAR NOT NULL,
    data_root_id   VARCHAR NOT NULL,
    PRIMARY KEY (data_root_id, ts, venue, symbol)
);
COMMENT ON TABLE market.funding_rates IS 'Funding settlements by venue and symbol; a positive rate is paid by longs to shorts';
COMMENT ON COLUMN market.funding_rates.ts IS 'Settlement instant';
COMMENT ON COLUMN market.funding_rates.venue IS 'Exchange';
COMMENT ON COLUMN market.funding_rates.symbol IS 'Perpetual contract';
COMMENT ON COLUMN market.funding_rates.rate IS 'Fraction of the notional per interval';
COMMENT ON COLUMN market.funding_rates.interval_hours IS 'Hours the rate covers, ending at ts';
COMMENT ON COLUMN market.funding_rates.source IS 'What the row came from: <label>/<file name>';
COMMENT ON COLUMN market.funding_rates.is_projected IS 'True when no observation stands at this time and the value was carried forward from the past';
COMMENT ON COLUMN market.funding_rates.is_proxied IS 'True when a declared proxy stands in for a missing row';
COMMENT ON COLUMN market.funding_rates.proxy_of IS 'Venue or series the value was taken from when is_proxied';
COMMENT ON COLUMN market.funding_rates.load_id IS 'Load the value came from; joins quality.loads and observed.*';
COMMENT ON COLUMN market.funding_rates.data_root_id IS 'Data folder this row belongs to; market.* shows the folder selected last';

CREATE TABLE market.aave_reserves (
    ts                    TIMESTAMPTZ NOT NULL,
    asset                 VARCHAR NOT NULL,
    liquidity_index       DOUBLE NOT NULL,
    variable_borrow_index DOUBLE NOT NULL,
    supply_rate           DOUBLE,
    variable_borrow_rate  DOUBLE,
    source                VARCHAR NOT NULL,
    is_projected          BOOLEAN NOT NULL,
    is_proxied            BOOLEAN NOT NULL,
    proxy_of              VARCHAR,
    load_id               VARCHAR NOT NULL,
    data_root_id          VARCHAR NOT NULL,
    PRIMARY KEY (data_root_id, ts, asset)
);
COMMENT ON TABLE market.aave_reserves IS 'Aave v3 Ethereum reserve state, hourly; rows between observations are projected causally';
COMMENT ON COLUMN market.aave_reserves.ts IS 'Instant of the snapshot';
COMMENT ON COLUMN market.aave_reserves.asset IS 'Aave reserve: USDT, WETH, weETH, wstETH';
COMMENT ON COLUMN market.aave_reserves.liquidity_index IS 'Supply index in units of 1.0 (ray / 1e27)';
COMMENT ON COLUMN market.aave_reserves.variable_borrow_index IS 'Variable-borrow index in units of 1.0';
COMMENT ON COLUMN market.aave_reserves.supply_rate IS 'Supply APR, linear, fraction per year';
COMMENT ON COLUMN market.aave_reserves.variable_borrow_rate IS 'Variable-borrow APR, compounded per second, fraction per year';
COMMENT ON COLUMN market.aave_reserves.source IS 'What the row came from: <label>/<file name>';
COMMENT ON COLUMN market.aave_reserves.is_projected IS 'True when no observation stands at this time and the value was carried forward from the past';
COMMENT ON COLUMN market.aave_reserves.is_proxied IS 'True when a declared proxy stands in for a missing row';
COMMENT ON COLUMN market.aave_reserves.proxy_of IS 'Venue or series the value was taken from when is_proxied';
COMMENT ON COLUMN market.aave_reserves.load_id IS 'Load the value came from; joins quality.loads and observed.*';
COMMENT ON COLUMN market.aave_reserves.data_root_id IS 'Data folder this row belongs to; market.* shows the folder selected last';

CREATE TABLE market.lst_rates (
    ts           TIMESTAMPTZ NOT NULL,
    lst          VARCHAR NOT NULL,
    oracle_rate  DOUBLE,
    market_rate  DOUBLE,
    source       VARCHAR NOT NULL,
    is_projected BOOLEAN NOT NULL,
    is_proxied   BOOLEAN NOT NULL,
    proxy_of     VARCHAR,
    load_id      VARCHAR NOT NULL,
    data_root_id VARCHAR NOT NULL,
    PRIMARY KEY (data_root_id, ts, lst)
);
COMMENT ON TABLE market.lst_rates IS 'Exchange rates of liquid staking tokens, hourly; the last observation holds until the next';
COMMENT ON COLUMN market.lst_rates.ts IS 'Instant of the rate';
COMMENT ON COLUMN market.lst_rates.lst IS 'Liquid staking token: weETH or wstETH';
COMMENT ON COLUMN market.lst_rates.oracle_rate IS 'ETH per token by the protocol''s own rate';
COMMENT ON COLUMN market.lst_rates.market_rate IS 'ETH per token on the market';
COMMENT ON COLUMN market.lst_rates.source IS 'What the row came from: <label>/<file name>';
COMMENT ON COLUMN market.lst_rates.is_projected IS 'True when no observation stands at this time and the value was carried forward from the past';
COMMENT ON COLUMN market.lst_rates.is_proxied IS 'True when a declared proxy stands in for a missing row';
COMMENT ON COLUMN market.lst_rates.proxy_of IS 'Venue or series the value was taken from when is_proxied';
COMMENT ON COLUMN market.lst_rates.load_id IS 'Load the value came from; joins quality.loads and observed.*';
COMMENT ON COLUMN market.lst_rates.data_root_id IS 'Data folder this row belongs to; market.* shows the folder selected last';

CREATE TABLE market.gas_prices (
    ts             TIMESTAMPTZ NOT NULL,
    gas_price_gwei DOUBLE NOT NULL,
    base_fee_gwei  DOUBLE,
    source         VARCHAR NOT NULL,
    is_projected   BOOLEAN NOT NULL,
    is_proxied     BOOLEAN NOT NULL,
    proxy_of       VARCHAR,
    load_id        VARCHAR NOT NULL,
    data_root_id   VARCHAR NOT NULL,
    PRIMARY KEY (data_root_id, ts)
);
COMMENT ON TABLE market.gas_prices IS 'Ethereum gas price by hour, joined by block time';
COMMENT ON COLUMN market.gas_prices.ts IS 'Hour the price stands for';
COMMENT ON COLUMN market.gas_prices.gas_price_gwei IS 'Base fee plus tip, gwei';
COMMENT ON COLUMN market.gas_prices.base_fee_gwei IS 'Base fee alone, gwei';
COMMENT ON COLUMN market.gas_prices.source IS 'What the row came from: <label>/<file name>';
COMMENT ON COLUMN market.gas_prices.is_projected IS 'True when no observation stands at this time and the value was carried forward from the past';
COMMENT ON COLUMN market.gas_prices.is_proxied IS 'True when a declared proxy stands in for a missing row';
COMMENT ON COLUMN market.gas_prices.proxy_of IS 'Venue or series the value was taken from when is_proxied';
COMMENT ON COLUMN market.gas_prices.load_id IS 'Load the value came from; joins quality.loads and observed.*';
COMMENT ON COLUMN market.gas_prices.data_root_id IS 'Data folder this row belongs to; market.* shows the folder selected last';

CREATE TABLE market.reward_distributions (
    payout_ts     TIMESTAMPTZ NOT NULL,
    token         VARCHAR NOT NULL,
    period_start  TIMESTAMPTZ NOT NULL,
    period_end    TIMESTAMPTZ NOT NULL,
    rate_per_eeth DOUBLE NOT NULL,
    data_quality  VARCHAR NOT NULL,
    source        VARCHAR NOT NULL,
    is_projected  BOOLEAN NOT NULL,
    is_proxied    BOOLEAN NOT NULL,
    proxy_of      VARCHAR,
    load_id       VARCHAR NOT NULL,
    data_root_id  VARCHAR NOT NULL,
    PRIMARY KEY (data_root_id, payout_ts, token, period_start, period_end)
);
COMMENT ON TABLE market.reward_distributions IS 'Discrete reward payouts to eETH holders';
COMMENT ON COLUMN market.reward_distributions.payout_ts IS 'When the tokens arrive';
COMMENT ON COLUMN market.reward_distributions.token IS 'Reward token: EIGEN or ETHFI';
COMMENT ON COLUMN market.reward_distributions.period_start IS 'Start of the earning period';
COMMENT ON COLUMN market.reward_distributions.period_end IS 'End of the earning period';
COMMENT ON COLUMN market.reward_distributions.rate_per_eeth IS 'Tokens per eETH held on average over the period';
COMMENT ON COLUMN market.reward_distributions.data_quality IS 'How sound the figure is, in the words of its source';
COMMENT ON COLUMN market.reward_distributions.source IS 'What the row came from: <label>/<file name>';
COMMENT ON COLUMN market.reward_distributions.is_projected IS 'True when no observation stands at this time and the value was carried forward from the past';
COMMENT ON COLUMN market.reward_distributions.is_proxied IS 'True when a declared proxy stands in for a missing row';
COMMENT ON COLUMN market.reward_distributions.proxy_of IS 'Venue or series the value was taken from when is_proxied';
COMMENT ON COLUMN market.reward_distributions.load_id IS 'Load the value came from; joins quality.loads and observed.*';
COMMENT ON COLUMN market.reward_distributions.data_root_id IS 'Data folder this row belongs to; market.* shows the folder selected last';

CREATE TABLE market.execution_costs (
    pair         VARCHAR NOT NULL,
    size_usd     DOUBLE NOT NULL,
    valid_from   TIMESTAMPTZ NOT NULL,
    cost_bps     DOUBLE NOT NULL,
    source       VARCHAR NOT NULL,
    is_projected BOOLEAN NOT NULL,
    is_proxied   BOOLEAN NOT NULL,
    proxy_of     VARCHAR,
    load_id      VARCHAR NOT NULL,
    data_root_id VARCHAR NOT NULL,
    PRIMARY KEY (data_root_id, pair, size_usd, valid_from)
);
COMMENT ON TABLE market.execution_costs IS 'Slippage by pair and size, from the date it became valid';
COMMENT ON COLUMN market.execution_costs.pair IS 'Pair as the cost table spells it: BTCUSDT-PERP, ETH_USDT';
COMMENT ON COLUMN market.execution_costs.size_usd IS 'Size bucket, USD';
COMMENT ON COLUMN market.execution_costs.valid_from IS 'First instant the cost holds';
COMMENT ON COLUMN market.execution_costs.cost_bps IS 'Slippage in basis points of the notional';
COMMENT ON COLUMN market.execution_costs.source IS 'What the row came from: <label>/<file name>';
COMMENT ON COLUMN market.execution_costs.is_projected IS 'True when no observation stands at this time and the value was carried forward from the past';
COMMENT ON COLUMN market.execution_costs.is_proxied IS 'True when a declared proxy stands in for a missing row';
COMMENT ON COLUMN market.execution_costs.proxy_of IS 'Venue or series the value was taken from when is_proxied';
COMMENT ON COLUMN market.execution_costs.load_id IS 'Load the value came from; joins quality.loads and observed.*';
COMMENT ON COLUMN market.execution_costs.data_root_id IS 'Data folder this row belongs to; market.* shows the folder selected last';

CREATE TABLE market.benchmark_rates (
    ts           TIMESTAMPTZ NOT NULL,
    name         VARCHAR NOT NULL,
    apy          DOUBLE NOT NULL,
    source       VARCHAR NOT NULL,
    is_projected BOOLEAN NOT NULL,
    is_proxied   BOOLEAN NOT NULL,
    proxy_of     VARCHAR,
    load_id      VARCHAR NOT NULL,
    data_root_id VARCHAR NOT NULL,
    PRIMARY KEY (data_root_id, ts, name)
);
COMMENT ON TABLE market.benchmark_rates IS 'Yields that results are compared with; nothing in a run depends on them';
COMMENT ON COLUMN market.benchmark_rates.ts IS 'Day of the rate, 00:00 UTC';
COMMENT ON COLUMN market.benchmark_rates.name IS 'Benchmark, e.g. ethena_susde';
COMMENT ON COLUMN market.benchmark_rates.apy IS 'Annual yield as a fraction';
COMMENT ON COLUMN market.benchmark_rates.source IS 'What the row came from: <label>/<file name>';
COMMENT ON COLUMN market.benchmark_rates.is_projected IS 'True when no observation stands at this time and the value was carried forward from the past';
COMMENT ON COLUMN market.benchmark_rates.is_proxied IS 'True when a declared proxy stands in for a missing row';
COMMENT ON COLUMN market.benchmark_rates.proxy_of IS 'Venue or series the value was taken from when is_proxied';
COMMENT ON COLUMN market.benchmark_rates.load_id IS 'Load the value came from; joins quality.loads and observed.*';
COMMENT ON COLUMN market.benchmark_rates.data_root_id IS 'Data folder this row belongs to; market.* shows the folder selected last';

CREATE TABLE market.risk_parameters (
    effective_from DATE NOT NULL,
    venue          VARCHAR NOT NULL,
    key            VARCHAR NOT NULL,
    value          DOUBLE NOT NULL,
    unit           VARCHAR NOT NULL,
    source         VARCHAR NOT NULL,
    PRIMARY KEY (effective_from, venue, key)
);
COMMENT ON TABLE market.risk_parameters IS 'Fees, margin tiers, protocol limits and gas units by date, from configs/venues';
COMMENT ON COLUMN market.risk_parameters.effective_from IS 'First day the value holds';
COMMENT ON COLUMN market.risk_parameters.venue IS 'Venue the parameter belongs to';
COMMENT ON COLUMN market.risk_parameters.key IS 'Parameter, e.g. perp.taker_fee_bps or reserve.USDT.ltv';
COMMENT ON COLUMN market.risk_parameters.value IS 'Value in unit';
COMMENT ON COLUMN market.risk_parameters.unit IS 'Unit of value: bps, fraction, hours, gas, USDT';
COMMENT ON COLUMN market.risk_parameters.source IS 'Where the value was published, or that it is an assumption';
