-- All runs, newest first, with the reason of those that failed.
SELECT run_id, mode, status, started_at, finished_at, progress, result_digest, error_json ->> 'message' AS error
FROM results.runs
ORDER BY started_at DESC
LIMIT 50;
