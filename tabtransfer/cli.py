"""The command line: `tabtransfer COMMAND`."""

from __future__ import annotations

import sys

import typer

from tabtransfer.bench.command import benchmark, report
from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.command import pretrain
from tabtransfer.pretrain.pack_command import pack_tables
from tabtransfer.pretrain.report_command import prior_report

app = typer.Typer(
    help="Transfer learning for tables.", no_args_is_help=True, pretty_exceptions_enable=False
)
for command in (benchmark, report, pretrain, pack_tables, prior_report):
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
