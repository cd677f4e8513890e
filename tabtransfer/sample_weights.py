"""Weights of training rows: read, multiplied by class weights, and brought to a scale.

A row of weight 2 counts as the row twice, so the sum of the weights is how many rows there
seem to be. What reads them (`tabtransfer.cells`, `tabtransfer.kernels`, the attention of
`tabtransfer.network`, the scales of columns and targets) is exact under that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError

__all__ = ["class_weight_of_rows", "read_sample_weights", "scale_weights"]

_NAMES_SHOWN = 10


def read_sample_weights(sample_weight: Any, n_rows: int) -> NDArray[np.float64]:
    """Check the weights of rows.

    Parameters
    ----------
    sample_weight : array-like of shape (n_rows,)
        Numbers from 0 on.
    n_rows : int
        Rows that there are.

    Returns
    -------
    ndarray of float64, (n_rows,)
        A copy.

    Raises
    ------
    TabTransferError
        If there isn't one weight a row, a weight is negative, missing or infinite, or all are 0.

    Examples
    --------
    >>> from tabtransfer.sample_weights import read_sample_weights
    >>> read_sample_weights([1, 0, 2], n_rows=3)
    array([1., 0., 2.])
    """
    try:
        weights = np.array(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TabTransferError(
            f"sample_weight must hold numbers ({error}): pass one number a row."
        ) from error
    if weights.shape != (n_rows,):
        raise TabTransferError(
            f"sample_weight has shape {weights.shape}, but X has {n_rows} rows: pass one weight "
            f"a row, of shape ({n_rows},)."
        )
    for wrong, what in ((~np.isfinite(weights), "missing or infinite"), (weights < 0, "negative")):
        if wrong.any():
            raise TabTransferError(
                f"sample_weight holds {int(wrong.sum())} {what} weights, the first in row "
                f"{int(wrong.argmax())}: weights are finite numbers from 0 on; 0 leaves a row out."
            )
    if not weights.any():
        raise TabTransferError(
            "sample_weight is zero for every row, which leaves none to learn from: give at least "
            "one row a weight above 0."
        )
    return weights


def class_weight_of_rows(
    class_weight: Mapping[Any, float] | str,
    classes: NDArray[Any],
    labels: NDArray[np.int64],
    weights: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """Give each row the weight of its class.

    Parameters
    ----------
    class_weight : "balanced" or mapping of class to float
        "balanced" makes the rows of each class weigh the same together, and all of them what
        they weighed before. Classes that a mapping leaves out have weight 1.
    classes : ndarray, (n_classes,)
        The classes.
    labels : ndarray of int64, (n_rows,)
        Class index of each row.
    weights : ndarray of float64, (n_rows,), or None
        Weights that the rows have otherwise.

    Returns
    -------
    ndarray of float64, (n_rows,)

    Raises
    ------
    TabTransferError
        If it is neither, names a class that there isn't, or a weight isn't above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.sample_weights import class_weight_of_rows
    >>> labels = np.array([0, 0, 0, 1])
    >>> class_weight_of_rows("balanced", np.array(["no", "yes"]), labels, None).round(2)
    array([0.67, 0.67, 0.67, 2.  ])
    """
    if isinstance(class_weight, str) and class_weight == "balanced":
        counts = np.bincount(labels, weights, minlength=len(classes))
        return (counts.sum() / (len(classes) * counts))[labels]
    if not isinstance(class_weight, Mapping):
        raise TabTransferError(
            'class_weight must be None, "balanced" or a mapping of classes to weights such as '
            f"{{{classes[0]!r}: 2.0}}, not {class_weight!r}."
        )
    places = {label: place for place, label in enumerate(classes.tolist())}
    unknown = [label for label in class_weight if label not in places]
    if unknown:
        known = ", ".join(map(repr, list(places)[:_NAMES_SHOWN]))
        more = f" and {len(places) - _NAMES_SHOWN} more" if len(places) > _NAMES_SHOWN else ""
        raise TabTransferError(
            f"class_weight names classes that y doesn't have: {', '.join(map(repr, unknown))}. "
            f"The classes are {known}{more}."
        )
    by_class = np.ones(len(classes))
    for label, weight in class_weight.items():
        if not (isinstance(weight, (int, float, np.number)) and 0.0 < weight < np.inf):
            raise TabTransferError(
                f"class_weight must be finite numbers above 0, but class {label!r} has "
                f"{weight!r}: to leave a class out, drop its rows."
            )
        by_class[places[label]] = weight
    return by_class[labels]


def scale_weights(
    weights: NDArray[np.float64] | None, max_total: int
) -> NDArray[np.float64] | None:
    """Bring weights to a scale on which their sum is a number of rows that there can be.

    Parameters
    ----------
    weights : ndarray of float64, (n_rows,), or None
        Weights above 0; None stands for ones.
    max_total : int
        Most rows that are read at once.

    Returns
    -------
    ndarray of float64, (n_rows,), or None
        Weights in the same proportions: as they are if their sum is between the number of
        rows and ``max_total``, otherwise with a sum of the nearer of the two. None if all
        are 1.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.sample_weights import scale_weights
    >>> scale_weights(np.array([1.0, 3.0]), max_total=4096)
    array([1., 3.])
    >>> scale_weights(np.array([0.1, 0.3]), max_total=4096)
    array([0.5, 1.5])
    """
    if weights is None:
        return None
    with np.errstate(over="ignore"):
        total = weights.sum()
    wanted = np.clip(total, len(weights), max(len(weights), max_total))
    if wanted != total:
        relative = weights / weights.max()
        weights = relative * (wanted / relative.sum())
    return None if (weights == 1.0).all() else weights
