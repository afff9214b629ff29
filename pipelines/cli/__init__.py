"""The `basis` command: validate, backtest, stress, sql, sample, demo over the same library the pipeline uses."""

from pipelines.cli.app import main

__all__ = ["main"]
