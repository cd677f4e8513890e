"""The command that compares the prior's tables with real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def prior_report(
    n_tables: Annotated[int, typer.Option(min=1, help="Synthetic tables to draw.")] = 200,
    seed: Annotated[int, typer.Option(help="Same seed, same tables.")] = 0,
    tables: Annotated[
        Path | None,
        typer.Option(help="Real tables beside them: a folder of .parquet files or a manifest."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("reports/prior"),
) -> None:
    """Draw tables from the prior, measure how hard they are, and compare them with real ones."""
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.progress import Progress

    from tabtransfer.pretrain.prior_measure import comparable_tables, measure_prior, measure_tables
    from tabtransfer.pretrain.prior_picture import draw_report
    from tabtransfer.pretrain.prior_report import to_markdown

    console = Console()
    real = None
    with Progress(console=console) as progress:
        corpus = None if tables is None else comparable_tables(tables)
        bar = progress.add_task("synthetic tables", total=n_tables)
        synthetic = measure_prior(n_tables, seed, lambda n: progress.advance(bar, n))
        if corpus is not None:
            real_bar = progress.add_task("real tables", total=len(corpus))
            real = measure_tables(corpus, lambda n: progress.advance(real_bar, n))
    out.mkdir(parents=True, exist_ok=True)
    words = to_markdown(synthetic, real)
    (out / "prior.md").write_text(words + "\n![Spread of each figure](prior.png)\n")
    draw_report(synthetic, real, out / "prior.png")
    console.print(Markdown(words))
    console.print(f"Report: {out / 'prior.md'}, picture: {out / 'prior.png'}")
