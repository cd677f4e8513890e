"""The commands that write the validation tables and score checkpoints on them."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from tabtransfer.baselines.method import Method

SHIPPED = "shipped"


def validation_tables(
    corpus: Annotated[Path, typer.Argument(help="Manifest, or folder of .parquet files.")],
    out: Annotated[Path, typer.Argument(help="Folder to write to.")],
) -> None:
    """Write the tables that training decisions are made on, as a folder of .parquet files."""
    from tabtransfer.destinations import check_folder
    from tabtransfer.folder_lock import alone_in
    from tabtransfer.pretrain.validation.tables import write_validation_tables

    check_folder(out, "OUT")
    with alone_in(out):
        names = write_validation_tables(corpus, out)
    typer.echo(f"{len(names)} tables: {out}")


def validate(
    tables: Annotated[Path, typer.Argument(help="Folder of .parquet files, or a manifest.")],
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(
            help='Weights to judge, or "shipped"; give it again to compare.',
            show_default=SHIPPED,
        ),
    ] = None,
    n_splits: Annotated[int, typer.Option(min=1, help="Splits of each table.")] = 1,
    cache: Annotated[Path, typer.Option(help="Where opponents' scores are kept.")] = Path(
        "reports/validation/opponents.json"
    ),
    out: Annotated[Path | None, typer.Option(help="Write every score to this .csv file.")] = None,
) -> None:
    """Score the classifier beside CatBoost and a random forest on real tables, one thread.

    Tables that a checkpoint was trained on are left out, and so are tables of numbers. The score is
    0 for the class shares and 1 for the better opponent of each table.
    """
    from rich.progress import Progress

    from tabtransfer.destinations import check_file
    from tabtransfer.errors import name_list
    from tabtransfer.files import replacing
    from tabtransfer.folder_lock import alone_with
    from tabtransfer.pretrain.real_tables.corpus import load_corpus
    from tabtransfer.pretrain.real_tables.unseen import split_off_seen
    from tabtransfer.pretrain.validation.estimator_scores import score_methods, summarise
    from tabtransfer.pretrain.validation.score_cache import ScoreCache
    from tabtransfer.printing import make_console

    check_file(cache, "--cache")
    if out is not None:
        check_file(out, "--out")
    names = list(dict.fromkeys(checkpoint or [SHIPPED]))
    contenders = [_contender(name) for name in names]
    corpus, seen = split_off_seen(load_corpus(tables), _trained_tables(names))
    console = make_console()
    numeric = load_corpus(tables, "regression")
    if numeric:
        listed = name_list(table.name for table in numeric)
        console.print(
            f"left out, as classifiers alone are judged: {len(numeric)} tables of numbers "
            f"({listed}); `tabtransfer benchmark` measures regressors",
            soft_wrap=True,
        )
    for name, reason in seen.items():
        console.print(f"left out {name!r}: {reason}", soft_wrap=True)
    alone = nullcontext() if out is None else alone_with(out)
    with alone, Progress(console=make_console(stderr=True)) as progress:
        bar = progress.add_task("validate: tables", total=len(corpus))
        scores = score_methods(
            corpus, contenders, n_splits, ScoreCache(cache), lambda: progress.advance(bar)
        )
        if out is not None:
            with replacing(out) as partial:
                scores.to_csv(partial, index=False)
    console.print(_table_by_table(scores))
    summary = summarise(scores)
    console.print(_summary_table(summary))
    labels = [method.name for method in contenders]
    for line in (*_wins(summary, labels), *_differences(scores, labels)):
        console.print(line, soft_wrap=True)


def _path(checkpoint: str) -> Path | None:
    return None if checkpoint == SHIPPED else Path(checkpoint)


def _trained_tables(checkpoints: list[str]) -> list[dict[str, Any]]:
    """Return the tables that checkpoints were trained on; a wrong path ends the command here."""
    from tabtransfer.checkpoint import read_header

    return [table for name in checkpoints for table in read_header(_path(name)).get("tables", [])]


def _contender(checkpoint: str) -> Method:
    from tabtransfer.baselines.method import Method
    from tabtransfer.estimators.classifier import TabTransferClassifier

    path = _path(checkpoint)
    return Method(
        name="tabtransfer" if path is None else checkpoint,
        make=lambda random_state, n_threads: TabTransferClassifier(
            checkpoint=path, random_state=random_state, n_threads=n_threads
        ),
    )


def _table_by_table(scores: pd.DataFrame) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from tabtransfer.pretrain.validation.estimator_scores import CLASS_SHARES

    means = scores.groupby(["table", "method"], sort=False)[["roc_auc", "log_loss"]].mean()
    methods = [name for name in dict.fromkeys(scores["method"]) if name != CLASS_SHARES]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, caption="ROC AUC / log-loss over ln(classes)")
    table.add_column("table", no_wrap=True)
    for method in methods:
        table.add_column(method, justify="right")
    for name in dict.fromkeys(scores["table"]):
        cells = (means.loc[(name, method)] for method in methods)
        table.add_row(name, *(f"{cell.roc_auc:.3f} / {cell.log_loss:.3f}" for cell in cells))
    return table


def _summary_table(summary: pd.DataFrame) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        caption="score 1: the better opponent of each table; its 95 % interval over tables",
    )
    table.add_column("method")
    for heading in ("score", "interval", "by AUC", "by loss", "ROC AUC", "log-loss"):
        table.add_column(heading, justify="right", no_wrap=True)
    for method, row in summary.iterrows():
        table.add_row(
            str(method),
            f"{row.score:.3f}",
            f"{row.low:.2f}–{row.high:.2f}",
            f"{row.score_roc_auc:.3f}",
            f"{row.score_log_loss:.3f}",
            f"{row.roc_auc:.4f}",
            f"{row.log_loss:.4f}",
        )
    return table


def _wins(summary: pd.DataFrame, contenders: list[str]) -> list[str]:
    from tabtransfer.pretrain.validation.estimator_scores import OPPONENTS

    return [
        f"{method} wins against {opponent} on {row[f'won_{opponent}_roc_auc']:.0%} of the tables "
        f"by ROC AUC, {row[f'won_{opponent}_log_loss']:.0%} by log-loss (ties count half)"
        for method, row in summary.loc[contenders].iterrows()
        for opponent in OPPONENTS
    ]


def _differences(scores: pd.DataFrame, contenders: list[str]) -> list[str]:
    """Describe how far each further checkpoint is from the first, table by table."""
    from tabtransfer.gains import bootstrap_mean
    from tabtransfer.number_text import minus
    from tabtransfer.pretrain.validation.estimator_scores import normalised_scores

    normalised = normalised_scores(scores)
    first, *others = contenders
    lines = []
    for other in others:
        difference = (normalised[other] - normalised[first]).to_numpy()[:, None]
        low, high = bootstrap_mean(difference)
        lines.append(
            f"{other} against {first}: score "
            + minus(f"{difference.mean():+.3f} ({low.item():+.3f} to {high.item():+.3f})")
        )
    return lines
