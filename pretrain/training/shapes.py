"""Fixed shapes of training tasks: few enough that code may be compiled for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tabtransfer.pretrain.training.stream import StreamConfig

# Powers of the plastic number: multiples of the three together fill a cube evenly
# (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences").
_STEPS = (0.7548776662466927, 0.5698402909980532)


@dataclass(frozen=True, order=True)
class Shape:
    """The shape of a batch of tasks.

    Parameters
    ----------
    n_rows, n_columns : int
        Rows and columns of a task.
    n_train : int
        How many of its rows are for training.
    n_tasks : int
        Tasks of the batch.
    """

    n_rows: int
    n_columns: int
    n_train: int
    n_tasks: int


def fixed_shapes(config: StreamConfig) -> list[Shape]:
    """Return the shapes that the batches of a stream have.

    Rows and columns are spread over the logarithms between their bounds, both included, and the
    share of training rows over its own, each independently of the others. There are as many tasks
    as ``cells`` allows and, where trees are grown on them, ``learner_rows``.

    Parameters
    ----------
    config : StreamConfig
        Bounds, and how many shapes there are; they depend on nothing else.

    Returns
    -------
    list of Shape
        In ascending order. Fewer than ``config.shapes`` where the bounds admit no more; none where
        sizes are free.

    Examples
    --------
    >>> from tabtransfer.pretrain.training.stream import StreamConfig
    >>> for shape in fixed_shapes(StreamConfig(shapes=3)):
    ...     print(shape)
    Shape(n_rows=64, n_columns=2, n_train=25, n_tasks=32)
    Shape(n_rows=226, n_columns=40, n_train=192, n_tasks=4)
    Shape(n_rows=800, n_columns=9, n_train=500, n_tasks=5)
    """
    if not config.shapes:
        return []
    places = np.linspace(0.0, 1.0, config.shapes)
    turns = np.arange(config.shapes)
    columns, shares = (places[np.argsort(np.argsort(turns * step % 1.0))] for step in _STEPS)
    rows = _between(config.min_rows, config.max_rows, places)
    widths = _between(config.min_columns, config.max_columns, columns)
    low, high = config.train_share
    shapes = set()
    for n_rows, n_columns, share in zip(rows, widths, shares, strict=True):
        n_train = max(1, int(n_rows * (low + share * (high - low))))
        n_tasks = config.cells // (n_rows * n_columns)
        if config.learner_share:
            n_tasks = min(n_tasks, config.learner_rows // n_train)
        shapes.add(Shape(n_rows, n_columns, n_train, config.bound_tasks(n_tasks)))
    return sorted(shapes)


def _between(low: int, high: int, places: np.ndarray) -> list[int]:
    """Return whole numbers at places from 0 to 1 between the logarithms of two bounds."""
    return [round(low * (high / low) ** place) for place in places.tolist()]
