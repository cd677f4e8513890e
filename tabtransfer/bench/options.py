"""Options that the commands that measure have in common."""

from __future__ import annotations

from typing import Annotated

import typer

SuiteName = Annotated[
    str,
    typer.Option(
        help="Suite of tables: quickstart, standard; openml-cc18, openml-ctr23 or tabarena from "
        "OpenML; or folder:PATH for a folder of CSV or Parquet files with a manifest.json."
    ),
]
MethodNames = Annotated[
    str,
    typer.Option(
        help="Methods to measure, separated by commas; NAME-tuned for the tuned form. "
        "Groups: all, all-offline, transfer-gain, tuned, tabpfn-versions."
    ),
]
Jobs = Annotated[int, typer.Option(min=1, help="Jobs at a time, each in its process.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads of one job.")]
MaxRows = Annotated[
    int | None,
    typer.Option(
        min=20,
        help="Most rows of a table; larger ones are thinned, class shares kept.",
        show_default="all",
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of splits and methods.")]
TimeLimit = Annotated[
    float | None, typer.Option(min=0, help="Most seconds of a job.", show_default="none")
]
MemoryLimit = Annotated[
    float | None,
    typer.Option(min=0, help="Most GB of a job beyond its start.", show_default="none"),
]
Backend = Annotated[str, typer.Option(help="Where jobs run: local, or a cluster of ray or dask.")]
