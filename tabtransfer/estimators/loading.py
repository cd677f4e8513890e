"""Load a saved estimator."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tabtransfer.estimators.classifier import TabTransferClassifier
from tabtransfer.estimators.regressor import TabTransferRegressor
from tabtransfer.saving.archive import read_model

__all__ = ["load"]

_KINDS = {kind.__name__: kind for kind in (TabTransferClassifier, TabTransferRegressor)}


def load(
    path: str | os.PathLike[str], X: Any = None, y: Any = None, sample_weight: Any = None
) -> Any:
    """Load a model that `save` wrote.

    Nothing in the file is executed. Predictions are those of the model that was saved: to the
    bit on the same machine with the same versions, up to rounding elsewhere.

    Parameters
    ----------
    path : path-like
        The file.
    X : array-like or DataFrame of shape (n_rows, n_features), optional
        The training rows, of a file saved without them.
    y : array-like of shape (n_rows,), optional
        Their targets.
    sample_weight : array-like of shape (n_rows,), optional
        Their weights, if they had some.

    Returns
    -------
    TabTransferClassifier or TabTransferRegressor
        As fitted. If the file is without training rows and they aren't given, its parameters,
        columns, classes and weights can be looked at, but predicting raises an error.

    Raises
    ------
    TabTransferError
        If the file isn't one that this version can read, or the training rows given, or read by
        other versions of the libraries, differ from those of fit.

    Examples
    --------
    >>> import tempfile
    >>> import tabtransfer
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = tabtransfer.TabTransferClassifier(random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/iris.model")
    ...     again = tabtransfer.load(f"{folder}/iris.model")
    >>> bool((again.predict_proba(X) == model.predict_proba(X)).all())
    True
    """
    return read_model(Path(path), _KINDS, X, y, sample_weight)
