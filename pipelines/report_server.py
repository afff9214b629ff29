"""Serve the results folder on a loopback address, so that links in Dagster's UI open the reports.

Dagster's web server serves no files of ours.
"""

from __future__ import annotations

import argparse
import functools
import os
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from engine.config.settings import load_settings
from pipelines.project import ENV_FILE, PROJECT_ROOT

HOST = "127.0.0.1"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal belongs to Dagster's log."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    folder = PROJECT_ROOT / load_settings(os.environ, ENV_FILE).results_dir
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadingHTTPServer((HOST, port), functools.partial(_Quiet, directory=str(folder))) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
