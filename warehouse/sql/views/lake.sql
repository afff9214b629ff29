-- Every view reads through this macro. A relative path follows the reader's working directory, so the path starts at
-- the project folder: the working directory itself, the variable `root`, or file_search_path.
CREATE MACRO lake(name) AS TABLE
    SELECT * FROM read_parquet(coalesce(getvariable('root') || '/', '') || 'warehouse/lake/' || name || '/*.parquet');
