"""Where pieces of a table are predicted: in this process, or on a Ray cluster.

Both give the same rows in the same order. Pieces are cut at other places, and a row's prediction
depends on its neighbours by rounding: 1e-6 in probabilities, and in numbers 1e-6 of the
target's standard deviation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pyarrow as pa

from tabtransfer.batch_prediction.scorer import Scorer
from tabtransfer.errors import TabTransferError
from tabtransfer.table_files.reader import Source, read_part

__all__ = ["ENGINES", "score_here", "score_with_ray"]


def score_here(source: Source, scorer: Scorer) -> Iterator[pa.Table]:
    """Predict a table piece by piece in this process.

    Parameters
    ----------
    source : Source
        The table.
    scorer : Scorer
        What to do with a piece.

    Yields
    ------
    pyarrow.Table
        Predictions of the next rows.
    """
    for part in source.parts:
        yield from map(scorer, read_part(part, scorer.columns, scorer.piece_rows))


def score_with_ray(source: Source, scorer: Scorer) -> Iterator[pa.Table]:
    """Predict a table through Ray Data, on the cluster that Ray is or gets connected to.

    Files must be readable under their names on all nodes, and tabtransfer installed there. Each
    actor takes one processor, or the model's ``n_threads``. See `score_here`.

    Raises
    ------
    TabTransferError
        If Ray isn't installed, or a piece can't be read or predicted.
    """
    try:
        import ray
    except ImportError as error:
        raise TabTransferError(
            "The engine ray takes Ray: pip install 'tabtransfer[cluster]'."
        ) from error
    if not ray.is_initialized():
        ray.init(log_to_driver=False)
    columns, n_rows = scorer.columns, scorer.piece_rows

    def read(batch: pa.Table) -> Iterator[pa.Table]:
        for index in batch["item"].to_pylist():
            yield from read_part(source.parts[index], columns, n_rows)

    context = ray.data.DataContext.get_current()
    settings = context.execution_options.preserve_order, context.enable_progress_bars
    context.execution_options.preserve_order, context.enable_progress_bars = True, False
    try:
        n_parts = len(source.parts)
        indices = ray.data.from_items(list(range(n_parts)), override_num_blocks=n_parts)
        # Reading takes no processor of its own, or it would wait for the actors that wait for it.
        pieces = indices.map_batches(read, batch_format="pyarrow", batch_size=1, num_cpus=0)
        scored = pieces.map_batches(
            _Actor,
            fn_constructor_args=(scorer,),
            batch_format="pyarrow",
            batch_size=n_rows,
            num_cpus=scorer.model.n_threads or 1,
            compute=ray.data.ActorPoolStrategy(min_size=1),
        )
        yield from scored.iter_batches(batch_format="pyarrow", batch_size=None)
    except ray.exceptions.RayError as error:
        ours = re.findall(r"TabTransferError: (.+)", str(error))  # Ray gives causes as text
        if not ours:
            raise
        raise TabTransferError(ours[-1]) from error
    finally:
        context.execution_options.preserve_order, context.enable_progress_bars = settings


class _Actor:
    """The model in a process of the cluster."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def __call__(self, table: pa.Table) -> pa.Table:
        return self._scorer(table)


ENGINES: dict[str, Callable[[Source, Scorer], Iterator[pa.Table]]] = {
    "local": score_here,
    "ray": score_with_ray,
}
