-- Validated rows of one load as they were read, before any proxy or projection: what market rows go back to.
-- Files are written once per load_id and never changed.
CREATE SCHEMA observed;

CREATE TABLE observed.spot_prices (
    ts         TIMESTAMPTZ NOT NULL,
    venue      VARCHAR NOT NULL,
    symbol     VARCHAR NOT NULL,
    open       DOUBLE NOT NULL,
    high       DOUBLE NOT NULL,
    low        DOUBLE NOT NULL,
    close      DOUBLE NOT NULL,
    volume     DOUBLE,
    source     VARCHAR NOT NULL,
    source_row BIGINT NOT NULL,
    load_id    VARCHAR NOT NULL,
    PRIMARY KEY (load_id, ts, venue, symbol)
);
COMMENT ON TABLE observed.spot_prices IS 'Rows feeding market.spot_prices, as each load read them';
COMMENT ON COLUMN observed.spot_prices.ts IS 'Open time of the bar';
COMMENT ON COLUMN observed.spot_prices.venue IS 'Exchange or pool: binance, bybit, okx, uniswap';
COMMENT ON COLUMN observed.spot_prices.symbol IS 'Instrument, e.g. BTCUSDT; EIGENWETH and ETHFIWETH are quoted in WETH';
COMMENT ON COLUMN observed.spot_prices.open IS 'First price of the bar in the quote token: the price at ts';
COMMENT ON COLUMN observed.spot_prices.high IS 'Highest price of the bar; not known at ts';
COMMENT ON COLUMN observed.spot_prices.low IS 'Lowest price of the bar; not known at ts';
COMMENT ON COLUMN observed.spot_prices.close IS 'Last price of the bar; not known at ts';
COMMENT ON COLUMN observed.spot_prices.volume IS 'Traded volume as the venue reports it; base tokens on exchanges, contracts on OKX perps';
COMMENT ON COLUMN observed.spot_prices.source IS 'File the row was read from: <label>/<file name>';
COMMENT ON COLUMN observed.spot_prices.source_row IS 'Line of the row in its file, from 1';
COMMENT ON COLUMN observed.spot_prices.load_id IS 'Load that read the row; joins quality.loads';

CREATE TABLE observed.perp_prices (
    ts         TIMESTAMPTZ NOT NULL,
    venue      VARCHAR NOT NULL,
    symbol     VARCHAR NOT NULL,
    open       DOUBLE NOT NULL,
    high       DOUBLE NOT NULL,
    low        DOUBLE NOT NULL,
    close      DOUBLE NOT NULL,
    volume     DOUBLE,
    source     VARCHAR NOT NULL,
    source_row BIGINT NOT NULL,
    load_id    VARCHAR NOT NULL,
    PRIMARY KEY (load_id, ts, venue, symbol)
);
COMMENT ON TABLE observed.perp_prices IS 'Rows feeding market.perp_prices, as each load read them';
COMMENT ON COLUMN observed.perp_prices.ts IS 'Open time of the bar';
COMMENT ON COLUMN observed.perp_prices.venue IS 'Exchange or pool: binance, bybit, okx, uniswap';
COMMENT ON COLUMN observed.perp_prices.symbol IS 'Instrument, e.g. BTCUSDT; EIGENWETH and ETHFIWETH are quoted in WETH';
COMMENT ON COLUMN observed.perp_prices.open IS 'First price of the bar in the quote token: the price at ts';
COMMENT ON COLUMN observed.perp_prices.high IS 'Highest price of the bar; not known at ts';
COMMENT ON COLUMN observed.perp_prices.low IS 'Lowest price of the bar; not known at ts';
COMMENT ON COLUMN observed.perp_prices.close IS 'Last price of the bar; not known at ts';
COMMENT ON COLUMN observed.perp_prices.volume IS 'Traded volume as the venue reports it; base tokens on exchanges, contracts on OKX perps';
COMMENT ON COLUMN observed.perp_prices.source IS 'File the row was read from: <label>/<file name>';
COMMENT ON COLUMN observed.perp_prices.source_row IS 'Line of the row in its file, from 1';
COMMENT ON COLUMN observed.perp_prices.load_id IS 'Load that read the row; joins quality.loads';

CREATE TABLE observed.funding_rates (
    ts             TIMESTAMPTZ NOT NULL,
    venue          VARCHAR NOT NULL,
    symbol         VARCHAR NOT NULL,
    rate           DOUBLE NOT NULL,
    interval_hours DOUBLE DEFAULT NULL,
    source         VARCHAR NOT NULL,
    source_row     BIGINT NOT NULL,
    load_id        VARCHAR NOT NULL,
    PRIMARY KEY (load_id, ts, venue, symbol)
);
COMMENT ON TABLE observed.funding_rates IS 'Rows feeding market.funding_rates, as each load read them';
COMMENT ON COLUMN observed.funding_rates.ts IS 'Settlement instant';
COMMENT ON COLUMN observed.funding_rates.venue IS 'Exchange';
COMMENT ON COLUMN observed.funding_rates.symbol IS 'Perpetual contract';
COMMENT ON COLUMN observed.funding_rates.rate IS 'Fraction of the notional per interval';
COMMENT ON COLUMN observed.funding_rates.interval_hours IS 'Hours the rate covers, when the source says so';
COMMENT ON COLUMN observed.funding_rates.source IS 'File the row was read from: <label>/<file name>';
COMMENT ON COLUMN observed.funding_rates.source_row IS 'Line of the row in its file, from 1';
COMMENT ON COLUMN observed.funding_rates.load_id IS 'Load that read the row; joins quality.loads';

CREATE TABLE observed.aave_reserves (
    ts                    TIMESTAMPTZ NOT NULL,
    asset                 VARCHAR NOT NULL,
    liquidity_index       DOUBLE NOT NULL,
    variable_borrow_index DOUBLE NOT NULL,
    supply_rate           DOUBLE,
    variable_borrow_rate  DOUBLE,
    source                VARCHAR NOT NULL,
    source_row            BIGINT NOT NULL,
    load_id               VARCHAR NOT NULL,
    PRIMARY KEY (load_id, ts, asset)
);
COMMENT ON TABLE observed.aave_reserves IS 'Rows feeding market.aave_reserves, as each load read them';
COMMENT ON COLUMN observed.aave_reserves.ts IS 'Instant of the snapshot';
COMMENT ON COLUMN observed.aave_reserves.asset IS 'Aave reserve: USDT, WETH, weETH, wstETH';
COMMENT ON COLUMN observed.aave_reserves.liquidity_index IS 'Supply index in units of 1.0 (ray / 1e27)';
COMMENT ON COLUMN observed.aave_reserves.variable_borrow_index IS 'Variable-borrow index in units of 1.0';
COMMENT ON COLUMN observed.aave_reserves.supply_rate IS 'Supply APR, linear, fraction per year';
COMMENT ON COLUMN observed.aave_reserves.variable_borrow_rate IS 'Variable-borrow APR, compounded per second, fraction per year';
COMMENT ON COLUMN observed.aave_reserves.source IS 'File the row was read from: <label>/<file name>';
COMMENT ON COLUMN observed.aave_reserves.source_row IS 'Line of the row in its file, from 1';
COMMENT ON COLUMN observed.aave_reserves.load_id IS 'Load that read the row; joins quality.loads';

CREATE TABLE observed.lst_rates (
    ts          TIMESTAMPTZ NOT NULL,
    lst         VARCHAR NOT NULL,
    oracle_rate DOUBLE DEFAULT NULL,
    market_rate DOUBLE DEFAULT NULL,
    source      VARCHAR NOT NULL,
    source_row  BIGINT NOT NULL,
    load_id     VARCHAR NOT NULL,
    PRIMARY KEY (load_id, ts, lst)
);
COMMENT ON TABLE observed.lst_rates IS 'Rows feeding market.lst_rates, as each load read them';
COMMENT ON COLUMN observed.lst_rates.ts IS 'Instant of the rate';
COMMENT ON COLUMN observed.lst_rates.lst IS 'Liquid staking token: weETH or wstETH';
COMMENT ON COLUMN observed.lst_rates.oracle_rate IS 'ETH per token by the protocol''s own rate';
COMMENT ON COLUMN observed.lst_rates.market_rate IS 'ETH per token on the market';
COMMENT ON COLUMN observed.lst_rates.source IS 'File the row was read from: <label>/<file name>';
COMMENT ON COLUMN observed.lst_rates.source_row IS 'Line of the row in its file, from 1';
COMMENT ON COLUMN observed.lst_rates.load_id IS 'Load that read the row; joins quality.loads';

CREATE TABLE observed.gas_prices (
    ts             TIMESTAMPTZ NOT NULL,
    gas_price_gwei DOUBLE NOT NULL,
    base_fee_gwei  DOUBLE,
    block_ts       TIMESTAMPTZ,
    source         VARCHAR NOT NULL,
    source_row     BIGINT NOT NULL,
    load_id        VARCHAR NOT NULL,
    PRIMARY KEY (load_id, ts)
);
COMMENT ON TABLE observed.gas_prices IS 'Rows feeding market.gas_prices, as each load read them';
COMMENT ON COLUMN observed.gas_prices.ts IS 'Hour the price stands for';
COMMENT ON COLUMN observed.gas_prices.gas_price_gwei IS 'Base fee plus tip, gwei';
COMMENT ON COLUMN observed.gas_prices.base_fee_gwei IS 'Base fee alone, gwei';
COMMENT ON COLUMN observed.gas_prices.block_ts IS 'Time of the sampled block, which may be far from ts';
COMMENT ON COLUMN observed.gas_prices.source IS 'File the row was read from: <label>/<file name>';
COMMENT ON COLUMN observed.gas_prices.source_row IS 'Line of the row in its file, from 1';
COMMENT ON COLUMN observed.gas_prices.load_id IS 'Load that read the row; joins quality.loads';

CREATE TABLE observed.reward_distributions (
    payout_ts     TIMESTAMPTZ NOT NULL,
    token         VARCHAR NOT NULL,
    period_start  TIMESTAMPTZ NOT NULL,
    period_end    TIMESTAMPTZ NOT NULL,
    rate_per_eeth DOUBLE NOT NULL,
    data_quality  VARCHAR NOT NULL,
    source        VARCHAR NOT NULL,
    source_row    BIGINT NOT NULL,
    load_id       VARCHAR NOT NULL,
    PRIMARY KEY (load_id, payout_ts, token, period_start, period_end)
);
COMMENT ON TABLE observed.reward_distributions IS 'Rows feeding market.reward_distributions, as each load read them';
COMMENT ON COLUMN observed.reward_distributions.payout_ts IS 'When the tokens arrive';
COMMENT ON COLUMN observed.reward_distributions.token IS 'Reward token: EIGEN or ETHFI';
COMMENT ON COLUMN observed.reward_distributions.period_start IS 'Start of the earning period';
COMMENT ON COLUMN observed.reward_distributions.period_end IS 'End of the earning period';
COMMENT ON COLUMN observed.reward_distributions.rate_per_eeth IS 'Tokens per eETH held on average over the period';
COMMENT ON COLUMN observed.reward_distributions.data_quality IS 'How sound the figure is, in the words of its source';
COMMENT ON COLUMN observed.reward_distributions.source IS 'File the row was read from: <label>/<file name>';
COMMENT ON COLUMN observed.reward_distributions.source_row IS 'Line of the row in its file, from 1';
COMMENT ON COLUMN observed.reward_distributions.load_id IS 'Load that read the row; joins quality.loads';

CREATE TABLE observed.execution_costs (
    pair       VARCHAR NOT NULL,
    size_usd   DOUBLE NOT NULL,
    valid_from TIMESTAMPTZ NOT NULL,
    cost_bps   DOUBLE NOT NULL,
    source     VARCHAR NOT NULL,
    source_row BIGINT NOT NULL,
    load_id    VARCHAR NOT NULL,
    PRIMARY KEY (load_id, pair, size_usd, valid_from)
);
COMMENT ON TABLE observed.execution_costs IS 'Rows feeding market.execution_costs, as each load read them';
COMMENT ON COLUMN observed.execution_costs.pair IS 'Pair as the cost table spells it: BTCUSDT-PERP, ETH_USDT';
COMMENT ON COLUMN observed.execution_costs.size_usd IS 'Size bucket, USD';
COMMENT ON COLUMN observed.execution_costs.valid_from IS 'First instant the cost holds';
COMMENT ON COLUMN observed.execution_costs.cost_bps IS 'Slippage in basis points of the notional';
COMMENT ON COLUMN observed.execution_costs.source IS 'File the row was read from: <label>/<file name>';
COMMENT ON COLUMN observed.execution_costs.source_row IS 'Line of the row in its file, from 1';
COMMENT ON COLUMN observed.execution_costs.load_id IS 'Load that read the row; joins quality.loads';

CREATE TABLE observed.benchmark_rates (
    ts         TIMESTAMPTZ NOT NULL,
    name       VARCHAR NOT NULL,
    apy        DOUBLE NOT NULL,
    source     VARCHAR NOT NULL,
    source_row BIGINT NOT NULL,
    load_id    VARCHAR NOT NULL,
    PRIMARY KEY (load_id, ts, name)
);
COMMENT ON TABLE observed.benchmark_rates IS 'Rows feeding market.benchmark_rates, as each load read them';
COMMENT ON COLUMN observed.benchmark_rates.ts IS 'Day of the rate, 00:00 UTC';
COMMENT ON COLUMN observed.benchmark_rates.name IS 'Benchmark, e.g. ethena_susde';
COMMENT ON COLUMN observed.benchmark_rates.apy IS 'Annual yield as a fraction';
COMMENT ON COLUMN observed.benchmark_rates.source IS 'File the row was read from: <label>/<file name>';
COMMENT ON COLUMN observed.benchmark_rates.source_row IS 'Line of the row in its file, from 1';
COMMENT ON COLUMN observed.benchmark_rates.load_id IS 'Load that read the row; joins quality.loads';
