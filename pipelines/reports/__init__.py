"""Reports of a finished run: files a person opens, and short previews for the pipeline's metadata."""

from pipelines.reports.files import ReportFiles, write_reports
from pipelines.reports.index import write_index
from pipelines.reports.previews import attribution_markdown, summary_markdown
from pipelines.reports.run_tables import RunTables
from pipelines.reports.verdict import Verdict, reconcile

__all__ = [
    "ReportFiles",
    "RunTables",
    "Verdict",
    "attribution_markdown",
    "reconcile",
    "summary_markdown",
    "write_index",
    "write_reports",
]
