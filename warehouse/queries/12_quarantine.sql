-- Rows that validation refused: how many by reason, with an example.
SELECT q.dataset, q.reason, count(*) AS refused, min(q.row_key) AS first_row, arg_min(q.raw, q.row_key) AS example
FROM quality.quarantine AS q
GROUP BY q.dataset, q.reason
ORDER BY refused DESC, q.dataset;
