"""The command line: `tabtransfer COMMAND`."""

from __future__ import annotations

import sys

import typer

from tabtransfer.batch_prediction.command import fit, predict
from tabtransfer.bench.commands.advise import advise
from tabtransfer.bench.commands.benchmark import benchmark, merge, report
from tabtransfer.bench.commands.compare import compare
from tabtransfer.bench.commands.transfer_gain import transfer_gain
from tabtransfer.datasets.audit_command import audit
from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.commands.pack_tables import pack_tables
from tabtransfer.pretrain.commands.pretrain import pretrain
from tabtransfer.pretrain.commands.prior_report import prior_report
from tabtransfer.pretrain.commands.validate import validate, validation_tables

app = typer.Typer(
    help="Transfer learning for tables.", no_args_is_help=True, pretty_exceptions_enable=False
)
COMMANDS = (
    fit,
    predict,
    compare,
    advise,
    benchmark,
    transfer_gain,
    merge,
    report,
    audit,
    pretrain,
    pack_tables,
    validation_tables,
    validate,
    prior_report,
)
for command in COMMANDS:
    app.command()(command)


def main() -> None:
    """Run the command line; bad input ends it with one line and exit status 2."""
    try:
        app()
    except TabTransferError as error:
        typer.secho(f"Error: {error}", fg=typer.colors.RED, err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
