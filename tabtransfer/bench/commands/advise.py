"""The command `tabtransfer advise`: which method to expect to win on a table."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tabtransfer.batch_prediction.command import say_reading
from tabtransfer.destinations import check_file
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
            help="Results on other tables: what `tabtransfer benchmark` or `tabtransfer "
            "pack-results` writes.",
            show_default="those of the package, if it has any",
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
    saying the average over the other tables, which is what it says where it isn't better. What
    choosing so gains over always choosing the same method is said first, and where that isn't
    clear, to measure with `tabtransfer compare`.
    """
    from tabtransfer.bench.analysis.advice import describe_advice, make_advisors
    from tabtransfer.bench.analysis.advice_file import SHIPPED, read_advice, size_for
    from tabtransfer.bench.analysis.advice_value import value_of_advice
    from tabtransfer.bench.measure.user_table import read_user_table
    from tabtransfer.bench.report.terminal import advice_table
    from tabtransfer.printing import make_console
    from tabtransfer.table_files.find import find_files

    files = find_files(table)
    if results is None and not SHIPPED.is_file():
        raise TabTransferError(_measure_first(table, target))
    path = SHIPPED if results is None else results
    everything = read_advice(path)
    dialect = csv_dialect(sep, encoding, decimal)
    user_table, rows = read_user_table(files, target, split_names(drop), task.value, dialect)
    say_reading(rows)
    measured = size_for(everything, len(user_table.X))
    advisors = make_advisors(measured)
    if not advisors:
        raise TabTransferError(f"{path} has no two methods that finished on the same table.")
    description = _describe(user_table, int(measured["max_train"].max()))
    pairs = [(advisor, advisor.advise(description)) for advisor in advisors]
    pairs.sort(key=lambda pair: -pair[1].gain)
    advisors, advice = [one for one, _ in pairs], [one for _, one in pairs]
    value = value_of_advice(measured)
    console = make_console()
    first = f"measure first, with `{_compare(table, target)}`."
    if value is None:
        console.print(f"What advice is worth can't be told from so few tables: {first}")
    elif value.pays:
        console.print(f"{value.sentence()}.")
    else:
        console.print(f"{value.sentence()}. That isn't clearly better: {first}")
    console.print(advice_table(advisors, advice))
    for sentence in describe_advice(advisors, advice):
        console.print(sentence)


def pack_results(
    results: Annotated[
        list[Path], typer.Argument(help="Files that `benchmark` wrote, of one suite or several.")
    ],
    out: Annotated[Path, typer.Option(help="File to write.")],
) -> None:
    """Write the mean scores of results files to one small file, for `tabtransfer advise`.

    It holds a row for each method on each table, and of the tables what describes them: sizes,
    kinds of columns, classes.
    """
    from tabtransfer.bench.analysis.advice_file import write_advice

    check_file(out, "--out", results)
    summary = write_advice(results, out)
    typer.echo(
        f"{out}: {summary['method'].nunique()} methods on {summary['table'].nunique()} tables."
    )


def _compare(table: list[str], target: str) -> str:
    return f"tabtransfer compare {shlex.join(table)} --target {shlex.quote(target)}"


def _measure_first(table: list[str], target: str) -> str:
    """Say how to measure, as there is nothing to go by."""
    return (
        "Advice needs results on other tables, and none come with the package. Measure on this "
        f"one: `{_compare(table, target)}`. Or measure on others "
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
