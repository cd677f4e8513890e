"""The command `tabtransfer advise`: which method to expect to win on a table."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tabtransfer.batch_prediction.command import say_reading
from tabtransfer.errors import TabTransferError
from tabtransfer.table_files.options import (
    Decimal,
    Drop,
    Encoding,
    Sep,
    Tables,
    TaskOption,
    csv_dialect,
    split_names,
)

if TYPE_CHECKING:
    from tabtransfer.datasets.table import Table


def advise(
    table: Tables,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="Column to predict.")],
    results: Annotated[
        Path | None,
        typer.Option(
            help="A results.parquet of other tables, such as `tabtransfer benchmark --suite "
            "standard` writes; none comes with the package.",
            show_default=False,
        ),
    ] = None,
    task: Annotated[
        TaskOption, typer.Option(help="What to learn; auto goes by what the target holds.")
    ] = TaskOption.auto,
    drop: Drop = "",
    sep: Sep = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
) -> None:
    """Say which method to expect to win on a table, from results on other tables.

    A small model predicts from the table's size, columns, gaps, classes and noise how much lower a
    method's error will be than CatBoost's. Its cross-validated error stands beside that of always
    saying the average over the other tables, which is what it says where it isn't better.
    `tabtransfer compare` measures.
    """
    from tabtransfer.bench.analysis.advice import describe_advice, make_advisors
    from tabtransfer.bench.measure.user_table import read_user_table
    from tabtransfer.bench.report.terminal import advice_table
    from tabtransfer.bench.results import read_results
    from tabtransfer.printing import make_console
    from tabtransfer.table_files.find import find_files

    files = find_files(table)
    if results is None:
        raise TabTransferError(_measure_first(table, target))
    measured = read_results(results)
    advisors = make_advisors(measured)
    if not advisors:
        raise TabTransferError(f"{results} has no two methods that finished on the same table.")
    dialect = csv_dialect(sep, encoding, decimal)
    user_table, rows = read_user_table(files, target, split_names(drop), task.value, dialect)
    say_reading(rows)
    description = _describe(user_table, int(measured["max_train"].max()))
    pairs = [(advisor, advisor.advise(description)) for advisor in advisors]
    pairs.sort(key=lambda pair: -pair[1].gain)
    advisors, advice = [one for one, _ in pairs], [one for _, one in pairs]
    console = make_console()
    console.print(advice_table(advisors, advice))
    for sentence in describe_advice(advisors, advice):
        console.print(sentence)


def _measure_first(table: list[str], target: str) -> str:
    """Say how to measure, as there is nothing to go by."""
    files = shlex.join(table)
    return (
        "Advice needs results on other tables, and none come with the package. Measure on this "
        f"one: `tabtransfer compare {files} --target {shlex.quote(target)}`. Or measure on others "
        "once, `tabtransfer benchmark --suite standard --out reports/standard`, and give "
        "--results reports/standard/results.parquet."
    )


def _describe(table: Table, max_train: int) -> dict[str, float]:
    """Return the table's properties as results have them; one method is run to measure noise."""
    from tempfile import TemporaryDirectory

    from tabtransfer.baselines.registry import get_method
    from tabtransfer.bench.analysis.advice import NOISE_METHOD, describe_tables
    from tabtransfer.bench.measure.run import run
    from tabtransfer.bench.results import OK

    with TemporaryDirectory() as folder:
        rows = run(
            "own",
            [table],
            [get_method(NOISE_METHOD)],
            Path(folder) / "results.parquet",
            max_train=max_train,
            max_rows=4 * max_train,
            n_jobs=1,
        ).assign(n_rows=len(table.X))
    failed = rows[rows["status"] != OK]
    if len(failed):
        raise TabTransferError(
            f"How noisy the table is can't be told, because {NOISE_METHOD} failed on it: "
            f"{failed['reason'].iloc[0]}"
        )
    return describe_tables(rows).iloc[0].to_dict()
