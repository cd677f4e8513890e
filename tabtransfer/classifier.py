"""The pretrained network as a scikit-learn classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from tabtransfer.ensemble import ClassEnsemble
from tabtransfer.estimator import InContextEstimator
from tabtransfer.target import encode_labels

__all__ = ["TabTransferClassifier"]


class TabTransferClassifier(ClassifierMixin, InContextEstimator):
    """Classify rows with a pretrained network that reads the training rows as its context.

    Frames, arrays and sparse matrices may hold numbers, strings, text, categoricals, booleans,
    dates, durations and missing values as they are; `tabtransfer.encoder.TableEncoder` says how
    they are read. Any number of classes and rows works: more classes than the network has
    outputs for go through a tree of class groups, more rows than ``max_context_rows`` are
    sampled.

    Parameters
    ----------
    n_estimators : int, default=4
        Members of the ensemble; each sees the table in another view (order of columns and
        classes, scale of numbers, coding of categories).
    finetune : bool, default=False
        Whether to adapt the network's weights to the training rows; the pretrained weights
        are kept where they do better on held-out rows.
    checkpoint : path-like, optional
        Weights to use; the shipped ones if not given.
    max_context_rows : int, default=4096
        Most training rows that a member reads at once. Of more rows, each member reads a
        sample of its own, each class at its share; likewise if memory is short.
    time_limit : float or None, default=60.0
        Seconds that fine-tuning may take.
    random_state : int, RandomState instance or None, default=None
        Seed of the views, the samples and fine-tuning.
    n_threads : int or None, default=None
        Threads to compute with; None leaves torch's own setting.
    memory_limit : int or None, default=None
        Bytes that `fit` and prediction may take beyond the table and its encoded form; half of
        what is free if None. Where that is little, members read fewer rows, then fewer columns.
    verbose : bool, default=False
        Whether to show progress.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if all are strings. Columns are then matched by name.
    n_context_rows_ : int
        Most training rows that a member reads at once; fewer than there are if they were
        sampled.
    context_strategy_ : {"all rows", "stratified sample per member"}
        How the rows that members read were chosen.
    context_cached_ : bool
        Whether what the network read in `fit` is kept for prediction; otherwise memory is short
        and every prediction reads the training rows again. Copies and pickles read them again
        once.
    finetuning_ : FinetuneRecord
        What fine-tuning did: losses on held-out rows, steps, seconds, the weights chosen.
        Only with ``finetune=True``.
    encoder_ : TableEncoder
        What was learned of the columns.
    ensemble_ : ClassEnsemble
        The training rows and the members that read them.

    Notes
    -----
    A row's prediction does not depend on the rows predicted with it: up to rounding in
    float32, and to about 1e-12 for small tables, which are computed in float64.

    Pickles hold the training rows, but the network only if it was fine-tuned; otherwise the
    checkpoint is read again, and must not have changed.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import train_test_split
    >>> from tabtransfer import TabTransferClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)
    >>> model = TabTransferClassifier(random_state=0).fit(X_train, y_train)
    >>> model.predict_proba(X_test).shape
    (38, 3)
    >>> bool(model.score(X_test, y_test) > 0.9)
    True
    """

    ensemble_: ClassEnsemble
    _task = "classification"

    def fit(self, X: Any, y: Any) -> TabTransferClassifier:
        """Read the training rows, and fine-tune on them if asked to.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Numbers, strings, categoricals, booleans, dates, durations, missing values.
        y : array-like or Series of shape (n_rows,)
            Class labels of any type.

        Returns
        -------
        TabTransferClassifier
            Itself.

        Raises
        ------
        TabTransferError
            If the table or the labels can't be used; the message names the columns and a way
            out. scikit-learn's own ``ValueError`` where ``X`` or ``y`` has the wrong shape.
        """
        self._fit(X, y)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            Probabilities, in the order of ``classes_``.

        Raises
        ------
        TabTransferError
            If columns are missing, new, or hold something else than in `fit`, or if the
            checkpoint has changed since.
        """
        return self._answer(X, ClassEnsemble.probabilities)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the most probable class.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Class labels.
        """
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(1)]

    def _read_target(self, y: Any) -> tuple[NDArray[np.int64], int]:
        self.classes_, labels = encode_labels(y)
        return labels, len(self.classes_)
