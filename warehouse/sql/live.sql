-- The live service, one file per strategy and day.
CREATE SCHEMA live;

CREATE TABLE live.ticks (
    strategy_id  VARCHAR NOT NULL,
    tick_ts      TIMESTAMPTZ NOT NULL,
    status       VARCHAR NOT NULL,
    latency_ms   DOUBLE,
    nav          DOUBLE,
    market_age_s DOUBLE,
    action       VARCHAR,
    error_json   VARCHAR,
    PRIMARY KEY (strategy_id, tick_ts)
);
COMMENT ON TABLE live.ticks IS 'One row per turn of the live loop';
COMMENT ON COLUMN live.ticks.strategy_id IS 'Live strategy';
COMMENT ON COLUMN live.ticks.tick_ts IS 'Start of the turn';
COMMENT ON COLUMN live.ticks.status IS 'ok, skipped or error';
COMMENT ON COLUMN live.ticks.latency_ms IS 'Time the turn took, milliseconds';
COMMENT ON COLUMN live.ticks.nav IS 'NAV after the turn, share-class currency';
COMMENT ON COLUMN live.ticks.market_age_s IS 'Age of the market snapshot, seconds';
COMMENT ON COLUMN live.ticks.action IS 'Action decided, if any';
COMMENT ON COLUMN live.ticks.error_json IS 'What went wrong, in the error format';

CREATE TABLE live.orders (
    client_order_id VARCHAR NOT NULL,
    strategy_id     VARCHAR NOT NULL,
    venue           VARCHAR NOT NULL,
    symbol          VARCHAR NOT NULL,
    side            VARCHAR NOT NULL,
    amount          DOUBLE NOT NULL,
    state           VARCHAR NOT NULL,
    price           DOUBLE,
    filled          DOUBLE,
    venue_order_id  VARCHAR,
    created_at      TIMESTAMPTZ NOT NULL,
    updated_at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (client_order_id)
);
COMMENT ON TABLE live.orders IS 'Orders by the client''s own id';
COMMENT ON COLUMN live.orders.client_order_id IS 'Our id, a function of strategy, tick, leg and attempt';
COMMENT ON COLUMN live.orders.strategy_id IS 'Live strategy';
COMMENT ON COLUMN live.orders.venue IS 'Venue';
COMMENT ON COLUMN live.orders.symbol IS 'Instrument';
COMMENT ON COLUMN live.orders.side IS 'buy or sell';
COMMENT ON COLUMN live.orders.amount IS 'Units asked for';
COMMENT ON COLUMN live.orders.state IS 'intended, sent, open, filled, cancelled, refused or unknown';
COMMENT ON COLUMN live.orders.price IS 'Average fill price';
COMMENT ON COLUMN live.orders.filled IS 'Units filled';
COMMENT ON COLUMN live.orders.venue_order_id IS 'Id the venue gave';
COMMENT ON COLUMN live.orders.created_at IS 'When the intent was recorded';
COMMENT ON COLUMN live.orders.updated_at IS 'Last change of state';

CREATE TABLE live.reconciliations (
    strategy_id  VARCHAR NOT NULL,
    ts           TIMESTAMPTZ NOT NULL,
    position_key VARCHAR NOT NULL,
    expected     DOUBLE NOT NULL,
    observed     DOUBLE,
    difference   DOUBLE,
    passed       BOOLEAN NOT NULL,
    PRIMARY KEY (strategy_id, ts, position_key)
);
COMMENT ON TABLE live.reconciliations IS 'Comparison of the ledger with venue and chain';
COMMENT ON COLUMN live.reconciliations.strategy_id IS 'Live strategy';
COMMENT ON COLUMN live.reconciliations.ts IS 'When it was compared';
COMMENT ON COLUMN live.reconciliations.position_key IS 'venue:type:symbol';
COMMENT ON COLUMN live.reconciliations.expected IS 'Balance by the ledger';
COMMENT ON COLUMN live.reconciliations.observed IS 'Balance by the venue; NULL when it could not be read';
COMMENT ON COLUMN live.reconciliations.difference IS 'observed - expected';
COMMENT ON COLUMN live.reconciliations.passed IS 'True when within tolerance';

CREATE TABLE live.heartbeats (
    strategy_id VARCHAR NOT NULL,
    ts          TIMESTAMPTZ NOT NULL,
    session_id  VARCHAR NOT NULL,
    state       VARCHAR NOT NULL,
    pid         BIGINT NOT NULL,
    host        VARCHAR NOT NULL,
    PRIMARY KEY (strategy_id, session_id, ts)
);
COMMENT ON TABLE live.heartbeats IS 'Signs of life of live sessions';
COMMENT ON COLUMN live.heartbeats.strategy_id IS 'Live strategy';
COMMENT ON COLUMN live.heartbeats.ts IS 'When the session reported';
COMMENT ON COLUMN live.heartbeats.session_id IS 'Session that reported';
COMMENT ON COLUMN live.heartbeats.state IS 'running, reduce_only, stopping or stopped';
COMMENT ON COLUMN live.heartbeats.pid IS 'Process of the session';
COMMENT ON COLUMN live.heartbeats.host IS 'Machine of the session';
