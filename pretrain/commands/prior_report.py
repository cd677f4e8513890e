"""The command that compares the prior's tables with real ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tabtransfer.options import MOST_SEED

if TYPE_CHECKING:
    from collections.abc import Callable


def prior_report(
    n_tables: Annotated[
        int, typer.Option(min=1, help="Synthetic tables to draw with classes, and with numbers.")
    ] = 200,
    seed: Annotated[int, typer.Option(min=0, max=MOST_SEED, help="Same seed, same tables.")] = 0,
    tables: Annotated[
        Path | None,
        typer.Option(help="Real tables beside them: a folder of .parquet files or a manifest."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the report.")] = Path("reports/prior"),
) -> None:
    """Draw tables from the prior, measure how hard they are, and compare them with real ones."""
    from rich.markdown import Markdown
    from rich.progress import Progress

    from tabtransfer.destinations import check_folder
    from tabtransfer.files import replacing
    from tabtransfer.folder_lock import alone_in
    from tabtransfer.pretrain.prior_report.comparison import to_markdown
    from tabtransfer.pretrain.prior_report.measure import compare_prior
    from tabtransfer.pretrain.prior_report.picture import draw_report
    from tabtransfer.printing import make_console

    check_folder(out, "--out", ("prior.md",))
    console = make_console(stderr=True)
    with alone_in(out), Progress(console=console) as progress:

        def start(words: str, total: int) -> Callable[[int], None]:
            bar = progress.add_task(words, total=total)
            return lambda n: progress.advance(bar, n)

        comparisons = compare_prior(n_tables, seed, tables, start)
        words = to_markdown(comparisons)
        with replacing(out / "prior.md") as partial:
            partial.write_text(words, encoding="utf-8")
        for comparison in comparisons:
            draw_report(comparison, out / comparison.figures.picture)
    console = make_console()
    console.print(Markdown(words))
    console.print(f"Report, with pictures: {out / 'prior.md'}")
