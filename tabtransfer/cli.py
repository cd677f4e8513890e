"""The command line: `tabtransfer COMMAND`."""

from __future__ import annotations

import inspect
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

import typer

from tabtransfer.agent_tools.command import mcp
from tabtransfer.batch_prediction.command import fit, predict
from tabtransfer.batch_prediction.finetune_command import finetune
from tabtransfer.bench.commands.advise import advise, pack_results
from tabtransfer.bench.commands.benchmark import benchmark, merge, report
from tabtransfer.bench.commands.compare import compare
from tabtransfer.bench.commands.small_transfer import small_transfer
from tabtransfer.bench.commands.transfer_gain import transfer_gain
from tabtransfer.datasets.audit_command import audit
from tabtransfer.destinations import describe_write_error
from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.commands.pack_tables import pack_tables
from tabtransfer.pretrain.commands.pretrain import pretrain
from tabtransfer.pretrain.commands.prior_report import prior_report
from tabtransfer.pretrain.commands.validate import validate, validation_tables
from tabtransfer.printing import make_printable
from tabtransfer.serving.command import serve

app = typer.Typer(
    help="Transfer learning for tables.", no_args_is_help=True, pretty_exceptions_enable=False
)
COMMANDS = (
    fit,
    finetune,
    predict,
    serve,
    mcp,
    compare,
    advise,
    pack_results,
    benchmark,
    transfer_gain,
    small_transfer,
    merge,
    report,
    audit,
    pretrain,
    pack_tables,
    validation_tables,
    validate,
    prior_report,
)


def _help(command: Callable[..., None]) -> str:
    """Return a command's docstring with one line for each paragraph, for the terminal to wrap."""
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


for command in COMMANDS:
    app.command(help=_help(command))(command)


def main() -> None:
    """Run the command line; bad input ends it with one line and exit status 2."""
    # Processes started as `python -c`, as multiprocessing's are where they aren't forked, must not
    # import what lies in the current folder; heard from Python 3.11 on.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    for stream in (sys.stdout, sys.stderr):
        make_printable(stream)
    warnings.showwarning = _show_warning
    try:
        app()
    except TabTransferError as error:
        _fail(str(error))
    except OSError as error:
        message = describe_write_error(error)
        if message is None:
            raise
        _fail(message)


def _fail(message: str) -> NoReturn:
    typer.secho(f"Error: {message}", fg=typer.colors.RED, err=True)
    sys.exit(2)


def _show_warning(message: Warning | str, *where: Any, **more: Any) -> None:
    """Show a warning as a sentence, without the line of code that gave it."""
    typer.echo(f"Warning: {message}", err=True)


if __name__ == "__main__":
    main()
