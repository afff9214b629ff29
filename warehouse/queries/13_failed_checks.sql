-- Rules that a load broke, blocking ones first.
SELECT c.dataset, l.source, c.check_name, c.severity, c.observed, c.expected, c.details, c.ts
FROM quality.checks AS c
LEFT JOIN quality.loads AS l USING (load_id)
WHERE NOT c.passed
ORDER BY c.severity <> 'blocking', c.dataset, c.check_name;
