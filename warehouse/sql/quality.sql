-- What validation found, one file per load.
CREATE SCHEMA quality;

CREATE TABLE quality.loads (
    load_id      VARCHAR NOT NULL,
    dataset      VARCHAR NOT NULL,
    source       VARCHAR NOT NULL,
    content_hash VARCHAR NOT NULL,
    rows         BIGINT NOT NULL,
    first_ts     TIMESTAMPTZ,
    last_ts      TIMESTAMPTZ,
    loaded_at    TIMESTAMPTZ NOT NULL,
    data_root_id VARCHAR DEFAULT NULL,
    synthetic    BOOLEAN DEFAULT NULL,
    market_table VARCHAR DEFAULT NULL,
    PRIMARY KEY (load_id)
);
COMMENT ON TABLE quality.loads IS 'One row per load of a dataset: which bytes, how many rows, which span';
COMMENT ON COLUMN quality.loads.load_id IS 'Identity of the load: a hash of dataset, folder, content and dataset configuration';
COMMENT ON COLUMN quality.loads.dataset IS 'Dataset as named in configs/datasets';
COMMENT ON COLUMN quality.loads.source IS '<label>/<file name>';
COMMENT ON COLUMN quality.loads.content_hash IS 'sha256 over the raw bytes';
COMMENT ON COLUMN quality.loads.rows IS 'Rows that passed validation';
COMMENT ON COLUMN quality.loads.first_ts IS 'First instant of the valid rows; NULL when there are none';
COMMENT ON COLUMN quality.loads.last_ts IS 'Last instant of the valid rows';
COMMENT ON COLUMN quality.loads.loaded_at IS 'When the load was written';
COMMENT ON COLUMN quality.loads.data_root_id IS 'Data folder it was read from';
COMMENT ON COLUMN quality.loads.synthetic IS 'True when the folder declares made-up data';
COMMENT ON COLUMN quality.loads.market_table IS 'Market table the dataset feeds, so also the observed.* table of its rows';

CREATE TABLE quality.checks (
    load_id    VARCHAR NOT NULL,
    dataset    VARCHAR NOT NULL,
    check_name VARCHAR NOT NULL,
    severity   VARCHAR NOT NULL,
    passed     BOOLEAN NOT NULL,
    observed   VARCHAR,
    expected   VARCHAR,
    details    VARCHAR,
    ts         TIMESTAMPTZ
);
COMMENT ON TABLE quality.checks IS 'Every rule that was applied to a load, passed or not';
COMMENT ON COLUMN quality.checks.load_id IS 'Load the check looked at';
COMMENT ON COLUMN quality.checks.dataset IS 'Dataset as named in configs/datasets';
COMMENT ON COLUMN quality.checks.check_name IS 'Rule, e.g. monotone_index';
COMMENT ON COLUMN quality.checks.severity IS 'blocking stops what depends on the dataset; warning and info do not';
COMMENT ON COLUMN quality.checks.passed IS 'True when the rule holds';
COMMENT ON COLUMN quality.checks.observed IS 'What was found';
COMMENT ON COLUMN quality.checks.expected IS 'What the rule asks for';
COMMENT ON COLUMN quality.checks.details IS 'Rows, hours or files concerned';
COMMENT ON COLUMN quality.checks.ts IS 'First instant concerned, when there is one';

CREATE TABLE quality.gaps (
    load_id    VARCHAR,
    dataset    VARCHAR NOT NULL,
    venue      VARCHAR,
    symbol     VARCHAR,
    gap_start  TIMESTAMPTZ NOT NULL,
    gap_end    TIMESTAMPTZ NOT NULL,
    missing    BIGINT NOT NULL,
    resolution VARCHAR
);
COMMENT ON TABLE quality.gaps IS 'Missing stretches of a series and what was done about them';
COMMENT ON COLUMN quality.gaps.load_id IS 'Load with the gap; NULL when the whole series is absent';
COMMENT ON COLUMN quality.gaps.dataset IS 'Dataset as named in configs/datasets';
COMMENT ON COLUMN quality.gaps.venue IS 'Venue of the series';
COMMENT ON COLUMN quality.gaps.symbol IS 'Symbol, asset or token of the series';
COMMENT ON COLUMN quality.gaps.gap_start IS 'First missing instant';
COMMENT ON COLUMN quality.gaps.gap_end IS 'Last missing instant';
COMMENT ON COLUMN quality.gaps.missing IS 'Missing rows from gap_start to gap_end, both included';
COMMENT ON COLUMN quality.gaps.resolution IS 'proxied:<dataset>, forward_filled or unresolved; NULL on the load''s own record';

CREATE TABLE quality.quarantine (
    load_id VARCHAR NOT NULL,
    dataset VARCHAR NOT NULL,
    row_key VARCHAR NOT NULL,
    reason  VARCHAR NOT NULL,
    raw     VARCHAR NOT NULL
);
COMMENT ON TABLE quality.quarantine IS 'Rows refused by validation, kept as they were read';
COMMENT ON COLUMN quality.quarantine.load_id IS 'Load that refused the row';
COMMENT ON COLUMN quality.quarantine.dataset IS 'Dataset as named in configs/datasets';
COMMENT ON COLUMN quality.quarantine.row_key IS 'Key of the row: time and series';
COMMENT ON COLUMN quality.quarantine.reason IS 'Rule the row broke';
COMMENT ON COLUMN quality.quarantine.raw IS 'The row as it was read';

CREATE TABLE quality.selected_roots (
    data_root_id VARCHAR NOT NULL,
    data_dir     VARCHAR NOT NULL,
    label        VARCHAR NOT NULL,
    synthetic    BOOLEAN NOT NULL,
    selected_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (data_root_id)
);
COMMENT ON TABLE quality.selected_roots IS 'Data folders that were loaded; market.* shows the one selected last';
COMMENT ON COLUMN quality.selected_roots.data_root_id IS 'Identity of the folder';
COMMENT ON COLUMN quality.selected_roots.data_dir IS 'Absolute path of the folder';
COMMENT ON COLUMN quality.selected_roots.label IS 'Label that begins the source of its rows';
COMMENT ON COLUMN quality.selected_roots.synthetic IS 'True when the folder declares made-up data';
COMMENT ON COLUMN quality.selected_roots.selected_at IS 'End of its newest load';
