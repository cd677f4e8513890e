"""The pretrained network as a scikit-learn regressor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from tabtransfer.encoder import EncodedTable
from tabtransfer.ensemble import NumberEnsemble
from tabtransfer.errors import TabTransferError
from tabtransfer.estimator import InContextEstimator
from tabtransfer.members import Advance
from tabtransfer.network import TabularTransformer
from tabtransfer.quantiles import quantile_levels
from tabtransfer.target import read_numbers

__all__ = ["TabTransferRegressor"]


class TabTransferRegressor(RegressorMixin, InContextEstimator):
    """Predict numbers with a pretrained network that reads the training rows as its context.

    Frames, arrays and sparse matrices may hold numbers, strings, text, categoricals, booleans,
    dates, durations and missing values as they are; `tabtransfer.encoder.TableEncoder` says how
    they are read. Any number of rows works: more than ``max_context_rows`` are sampled.

    Parameters
    ----------
    n_estimators : int, default=4
        Members of the ensemble; each sees the table in another view (order of
        columns, scale of numbers, coding of categories).
    finetune : bool, default=False
        Whether to adapt the network's weights to the training rows; the pretrained weights
        are kept where they do better on held-out rows.
    checkpoint : path-like, optional
        Weights to use; the shipped ones if not given.
    max_context_rows : int, default=4096
        Most training rows that a member reads at once. Of more rows, each member reads a
        sample of its own; likewise if memory is short.
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
    ensemble_ : NumberEnsemble
        The training rows and the members that read them.

    Notes
    -----
    The network predicts 99 quantiles of the target, standardised by the training rows; targets
    more than five standard deviations from their mean count as five.

    A row's prediction does not depend on the rows predicted with it: up to rounding in
    float32, and to about 1e-12 for small tables, which are computed in float64.

    Pickles hold the training rows, but the network only if it was fine-tuned; otherwise the
    checkpoint is read again, and must not have changed.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.model_selection import train_test_split
    >>> from tabtransfer import TabTransferRegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    >>> model = TabTransferRegressor(random_state=0).fit(X_train, y_train)
    >>> model.predict_quantiles(X_test, quantiles=(0.1, 0.5, 0.9)).shape
    (111, 3)
    >>> bool(model.score(X_test, y_test) > 0.3)
    True
    """

    ensemble_: NumberEnsemble
    _task = "regression"

    def fit(self, X: Any, y: Any) -> TabTransferRegressor:
        """Read the training rows, and fine-tune on them if asked to.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Numbers, strings, categoricals, booleans, dates, durations, missing values.
        y : array-like or Series of shape (n_rows,)
            Numbers.

        Returns
        -------
        TabTransferRegressor
            Itself.

        Raises
        ------
        TabTransferError
            If the table or the target can't be used, or the checkpoint wasn't pretrained for
            regression; the message names the columns and a way out. scikit-learn's own
            ``ValueError`` where ``X`` or ``y`` has the wrong shape.
        """
        self._fit(X, y)
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Predict the mean of the target.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            Numbers.

        Raises
        ------
        TabTransferError
            If columns are missing, new, or hold something else than in `fit`, or if the
            checkpoint has changed since.
        """
        return self._answer(X, _means)

    def predict_quantiles(
        self, X: Any, quantiles: Sequence[float] = (0.1, 0.5, 0.9)
    ) -> NDArray[np.float64]:
        """Predict quantiles of the target: a row's lies below the 0.9 quantile 9 times in 10.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.
        quantiles : sequence of float, default=(0.1, 0.5, 0.9)
            Levels from 0.01 to 0.99. Between those that the network predicts, quantiles are
            interpolated.

        Returns
        -------
        ndarray of shape (n_rows, len(quantiles))
            In the order of ``quantiles``.

        Raises
        ------
        TabTransferError
            As in `predict`, and if a level is outside of what the network predicts.
        """
        everything = self._answer(X, NumberEnsemble.quantiles)
        known = np.array(quantile_levels(everything.shape[1]))
        wanted = np.asarray(quantiles, dtype=np.float64)
        if wanted.ndim != 1 or not ((wanted >= known[0]) & (wanted <= known[-1])).all():
            raise TabTransferError(
                f"quantiles must be a sequence of levels from {known[0]:g} to {known[-1]:g}, "
                f"not {quantiles!r}."
            )
        place = np.interp(wanted, known, np.arange(len(known)))
        below = np.minimum(place.astype(np.int64), len(known) - 2)
        share = place - below
        return (1.0 - share) * everything[:, below] + share * everything[:, below + 1]

    def _read_target(self, y: Any) -> tuple[NDArray[np.float64], int]:
        return read_numbers(y), 0


def _means(
    ensemble: NumberEnsemble, network: TabularTransformer, rows: EncodedTable, advance: Advance
) -> NDArray[np.float64]:
    return ensemble.quantiles(network, rows, advance).mean(1)
