"""The command `tabtransfer mcp`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tabtransfer.errors import TabTransferError

__all__ = ["mcp"]


def mcp(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder of tables, which is only read.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder for models, predictions and reports.",
            show_default="FOLDER/tabtransfer",
        ),
    ] = None,
) -> None:
    """Let an LLM agent describe, fit, predict, compare and explain the tables of a folder.

    A server of the Model Context Protocol over standard input and output, for the agent's program
    to start. It reads the folder alone, follows no links, and writes to the output folder alone.
    """
    try:
        from tabtransfer.agent_tools.server import make_server
    except ModuleNotFoundError as error:
        raise TabTransferError(
            f"Tools for agents need {error.name}: pip install 'tabtransfer[mcp]'."
        ) from error
    from tabtransfer.agent_tools.workspace import Workspace

    make_server(Workspace(folder, folder / "tabtransfer" if out is None else out)).run()
