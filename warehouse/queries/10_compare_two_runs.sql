-- What changed between the two newest finished runs of each mode: inputs, configuration, code and results.
WITH ranked AS (
    SELECT *, row_number() OVER (PARTITION BY mode ORDER BY finished_at DESC, run_id) AS age
    FROM results.runs
    WHERE status = 'success'
)
SELECT new.mode, old.run_id AS old_run, new.run_id AS new_run,
       old.result_digest IS NOT DISTINCT FROM new.result_digest AS same_result,
       old.data_version IS NOT DISTINCT FROM new.data_version AS same_data,
       old.config_hash = new.config_hash AS same_config,
       old.code_version = new.code_version AS same_code,
       os.final_nav AS old_nav, ns.final_nav AS new_nav, ns.final_nav - os.final_nav AS difference
FROM ranked AS new
JOIN ranked AS old ON old.mode = new.mode AND new.age = 1 AND old.age = 2
JOIN results.summary AS ns ON ns.run_id = new.run_id
JOIN results.summary AS os ON os.run_id = old.run_id
ORDER BY new.mode;
