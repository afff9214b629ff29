-- All runs, also running and failed ones. A run without an end is running; `basis` turns runs whose process is gone
-- into failed ones at its next start.
CREATE VIEW results.runs AS
SELECT
    s.run_id, s.request_id, s.mode, s.share_class, s.window_start, s.window_end, s.initial_capital,
    s.config_json, s.config_hash, s.code_version, e.data_version, e.result_digest, e.data_source,
    coalesce(e.status, 'running') AS status,
    s.started_at, e.finished_at,
    coalesce(e.status = 'success' AND row_number() OVER (
        PARTITION BY s.mode, e.status ORDER BY e.finished_at DESC, s.started_at DESC, s.run_id) = 1, false) AS is_latest,
    e.proxied_rows, e.error_json, s.pid, s.host,
    CASE WHEN e.status = 'success' THEN 1.0 ELSE s.progress END AS progress
FROM lake('results/run_starts') AS s
LEFT JOIN lake('results/run_ends') AS e USING (run_id);
COMMENT ON VIEW results.runs IS 'One row per run: what was asked, what it ran on, how it ended';
COMMENT ON COLUMN results.runs.run_id IS 'Identity of the run';
COMMENT ON COLUMN results.runs.request_id IS 'Request the run answers; the Dagster run id under Dagster';
COMMENT ON COLUMN results.runs.mode IS 'Strategy mode as named in configs/modes';
COMMENT ON COLUMN results.runs.share_class IS 'Share class; its currency is the unit of all amounts';
COMMENT ON COLUMN results.runs.window_start IS 'First hour of the window';
COMMENT ON COLUMN results.runs.window_end IS 'Last hour of the window, included';
COMMENT ON COLUMN results.runs.initial_capital IS 'Starting capital in the share-class currency';
COMMENT ON COLUMN results.runs.config_json IS 'Effective configuration, whole, as JSON';
COMMENT ON COLUMN results.runs.config_hash IS 'sha256 of the canonical config_json';
COMMENT ON COLUMN results.runs.code_version IS 'Version of the code that ran';
COMMENT ON COLUMN results.runs.data_version IS 'Hash of exactly the rows the run read; NULL when it failed before reading them';
COMMENT ON COLUMN results.runs.result_digest IS 'Hash of the results: equal inputs give equal digests';
COMMENT ON COLUMN results.runs.data_source IS 'Label of the data folder, e.g. csv or synthetic';
COMMENT ON COLUMN results.runs.status IS 'running, success, failed or cancelled';
COMMENT ON COLUMN results.runs.started_at IS 'When the run began';
COMMENT ON COLUMN results.runs.finished_at IS 'When the run ended; NULL while it runs';
COMMENT ON COLUMN results.runs.is_latest IS 'True for the newest finished success of each mode';
COMMENT ON COLUMN results.runs.proxied_rows IS 'Input rows in the window that a proxy stood in for';
COMMENT ON COLUMN results.runs.error_json IS 'Why the run failed, in the error format';
COMMENT ON COLUMN results.runs.pid IS 'Process that ran it';
COMMENT ON COLUMN results.runs.host IS 'Machine of that process';
COMMENT ON COLUMN results.runs.progress IS 'Share of the window done when last reported, 0 to 1';
