"""Storage of the tables: Parquet files of record, SQL views over them, and the journal of runs."""
