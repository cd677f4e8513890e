"""Class weights: probabilities for a population in which some classes are more frequent.

A classifier that is trained with class weights learns, at best, the probabilities of a
population in which each class is that much more frequent. From the probabilities without
weights these follow exactly: multiply by the weight, and normalise (Elkan 2001; Saerens et al.
2002). To repeat a class's rows in the context instead would be another thing: a network that
learns in context takes copies as a sign that like rows have like labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError, name_list

__all__ = ["read_class_weights", "weigh_classes"]


def read_class_weights(
    class_weight: Mapping[Any, float] | str | None,
    classes: NDArray[Any],
    labels: NDArray[np.int64],
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the weight of each class.

    Parameters
    ----------
    class_weight : None, "balanced" or mapping of class to float
        "balanced" weighs classes by the inverse of how frequent they are; of a mapping,
        classes that it leaves out have weight 1.
    classes : ndarray, (n_classes,)
        The classes.
    labels : ndarray of int64, (n_rows,)
        Class index of each training row.
    weights : ndarray of float64, (n_rows,), optional
        Weights of the training rows.

    Returns
    -------
    ndarray of float64, (n_classes,)

    Raises
    ------
    TabTransferError
        If it is none of these, names a class that there isn't, or a weight isn't above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.class_weights import read_class_weights
    >>> labels = np.array([0, 0, 0, 1])
    >>> read_class_weights("balanced", np.array(["no", "yes"]), labels).round(2)
    array([0.67, 2.  ])
    """
    if class_weight is None:
        return np.ones(len(classes))
    if isinstance(class_weight, str) and class_weight == "balanced":
        counts = np.bincount(labels, weights, minlength=len(classes))
        return counts.sum() / (len(classes) * counts)
    if not isinstance(class_weight, Mapping):
        raise TabTransferError(
            'class_weight must be None, "balanced" or a mapping of classes to weights such as '
            f"{{{classes.tolist()[0]!r}: 2.0}}, not {class_weight!r}."
        )
    places = {label: place for place, label in enumerate(classes.tolist())}
    unknown = [label for label in class_weight if label not in places]
    if unknown:
        raise TabTransferError(
            f"class_weight names classes that y doesn't have: {', '.join(map(repr, unknown))}. "
            f"The classes are {name_list(places)}."
        )
    found = np.ones(len(classes))
    for label, weight in class_weight.items():
        if not (isinstance(weight, (int, float, np.number)) and 0.0 < weight < np.inf):
            raise TabTransferError(
                f"class_weight must be finite numbers above 0, but class {label!r} has "
                f"{weight!r}: to leave a class out, drop its rows."
            )
        found[places[label]] = weight
    return found


def weigh_classes(
    probabilities: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Multiply probabilities by class weights.

    Parameters
    ----------
    probabilities : ndarray of float64, (n_rows, n_classes)
        Rows sum to 1.
    weights : ndarray of float64, (n_classes,)
        Above 0.

    Returns
    -------
    ndarray of float64, (n_rows, n_classes)
        Rows sum to 1.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.class_weights import weigh_classes
    >>> weigh_classes(np.array([[0.8, 0.2]]), np.array([1.0, 4.0]))
    array([[0.5, 0.5]])
    """
    # A class that is certain stays so, however small its weight.
    weighted = probabilities * np.maximum(weights / weights.max(), np.finfo(np.float64).tiny)
    return weighted / weighted.sum(1, keepdims=True)
