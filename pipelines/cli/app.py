"""The command's entry: options common to all commands, and how a refusal is shown."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.text import Text

from engine.errors import BasisError
from pipelines.cli import backtest, demo, report, sample, sql, stress, validate
from pipelines.progress import console

REFUSED = 2
"""Exit code of every refusal; wrong options have the same."""
FAILED = 1
INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Validate market data, backtest carry strategies and query the results.",
)
for module in (validate, backtest, report, stress, sql, sample, demo):
    module.register(app)


@app.callback()
def _common(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="show the traceback of a refusal")] = False,
) -> None:
    context.obj = debug
    _Debug.enabled = debug


class _Debug:
    enabled = False


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; a refusal is printed in the error format on standard error."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stopped run is recorded as cancelled
    _Debug.enabled = False
    try:
        app(args=list(arguments) if arguments is not None else None, prog_name="basis")
    except BasisError as error:
        if _Debug.enabled:
            console.print_exception()
        console.print(Text(str(error)), soft_wrap=True)
        return REFUSED
    except Exception as error:
        if _Debug.enabled:
            raise
        console.print(Text(f"unexpected {type(error).__name__}: {error}\n  what to do: report it, with --debug"))
        return FAILED
    except KeyboardInterrupt:
        console.print("stopped")
        return INTERRUPTED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
