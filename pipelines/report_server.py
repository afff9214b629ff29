"""Serve the results folder on a loopback address, so that links in Dagster's UI open the reports.

Dagster's web server serves no files of ours.
"""

from __future__ import annotations

import functools
import os
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from engine.config.settings import load_settings
from pipelines.project import ENV_FILE, PROJECT_ROOT, REPORTS_ADDRESS


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal belongs to Dagster's log."""


def main() -> None:
    """Serve until stopped.  Errors: OSError when another process has the port."""
    folder = PROJECT_ROOT / load_settings(os.environ, ENV_FILE).results_dir
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadingHTTPServer(REPORTS_ADDRESS, functools.partial(_Quiet, directory=str(folder))) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
