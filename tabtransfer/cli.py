"""The command line: `tabtransfer COMMAND`."""

from __future__ import annotations

import sys

import typer

from tabtransfer.bench.command import benchmark, merge, report
from tabtransfer.bench.transfer_gain_command import transfer_gain
from tabtransfer.datasets.audit_command import audit
from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.command import pretrain
from tabtransfer.pretrain.pack_command import pack_tables
from tabtransfer.pretrain.report_command import prior_report
from tabtransfer.pretrain.validate_command import validate, validation_tables
from tabtransfer.scoring.command import fit, predict

app = typer.Typer(
    help="Transfer learning for tables.", no_args_is_help=True, pretty_exceptions_enable=False
)
COMMANDS = (
    fit,
    predict,
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
