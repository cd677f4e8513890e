"""The command `tabtransfer serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tabtransfer.errors import TabTransferError
from tabtransfer.options import MOST_PROCESSES, known_device

__all__ = ["serve"]


def serve(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="File that `fit` wrote.")],
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 is every network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 is any free one.")] = 8000,
    workers: Annotated[
        int,
        typer.Option(min=1, max=MOST_PROCESSES, help="Processes, each with the model in memory."),
    ] = 1,
    most_rows: Annotated[
        int, typer.Option(min=1, help="Most rows of a request, and of what is predicted together.")
    ] = 1000,
    most_kib: Annotated[int, typer.Option(min=1, help="Most KiB of a request.")] = 4096,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Threads of a process.", show_default="as the model was fitted"),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            callback=known_device,
            help="Where the network computes, as for `fit`.",
            show_default="as the model was fitted",
        ),
    ] = None,
) -> None:
    """Serve a model over HTTP: /predict, /explain and /health take and give JSON.

    Rows are checked against the model's columns; requests that come at the same time are predicted
    together. There is neither encryption nor a password: leave it on this machine, or put it
    behind a server that has them.
    """
    try:
        import uvicorn

        from tabtransfer.serving.app import ServiceSettings, make_app
    except ModuleNotFoundError as error:
        raise TabTransferError(
            f"Serving needs {error.name}: pip install 'tabtransfer[serve]'."
        ) from error

    settings = ServiceSettings(str(model), host, most_rows, 1024 * most_kib, threads, device)
    app = make_app(settings)  # what is wrong with the model is said here, in one line
    if workers == 1:
        uvicorn.run(app, host=host, port=port, server_header=False)
        return
    settings.to_environment()
    uvicorn.run(
        "tabtransfer.serving.app:make_app_of_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        server_header=False,
    )
