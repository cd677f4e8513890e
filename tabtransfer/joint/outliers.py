"""Outliers: rows that the joint distribution of the columns has little place for."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import OutlierMixin
from sklearn.utils.validation import check_is_fitted

from tabtransfer.errors import TabTransferError
from tabtransfer.estimators.parameters import check_count
from tabtransfer.joint.base import JointEstimator
from tabtransfer.joint.density import deal_halves, log_densities
from tabtransfer.joint.kept_models import KeptModels
from tabtransfer.joint.table import JointTable

__all__ = ["TabTransferOutlierDetector"]

_STRANGE = 0.25  # of the training rows, at least, that no row is scored by


class TabTransferOutlierDetector(OutlierMixin, JointEstimator):
    """Find rows whose cells don't go together, by the pretrained network.

    A row's score is its log density: that of each column, as the network predicts it from the
    columns before, on average over several orders of the columns.

    Parameters
    ----------
    n_estimators : int, default=1
        Members of the ensemble that predicts a column.
    n_orders : int, default=4
        Orders of the columns to average over.
    contamination : float, default=0.1
        Share of outliers among the training rows, above 0 and up to 0.5.
    checkpoint : path-like, optional
        Weights to use, pretrained for classes and numbers; the shipped ones if not given.
    max_context_rows : int, default=1024
        Most training rows that a member reads at once. Of more rows, each member reads a
        sample of its own.
    random_state : int, RandomState instance or None, default=None
        Seed of orders, halves, views and samples.
    device : str, default="auto"
        Where the network computes, as torch names it; see `TabTransferClassifier`.
    n_threads : int or None, default=None
        Threads to compute with; None leaves torch's own setting.
    memory_limit : int or None, default=None
        Bytes that reading and predicting may take beyond the table and its encoded form; half of
        what is free if None. Where that is little, members read fewer rows, then fewer columns.
    verbose : bool, default=False
        Whether to show progress.

    Attributes
    ----------
    offset_ : float
        The score below which a row is an outlier.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, if all are strings. Columns are then matched by name.
    table_ : JointTable
        The training rows, and what was learned of each column.

    Notes
    -----
    A row beside itself is no outlier, so training rows, which are known by their cells, are scored
    by the half of the training rows that they aren't in; new rows by either half in turn. Outliers
    among the training rows would make others like them look usual. So the training rows are scored
    twice, the second time without the quarter that looked strangest the first time, or the share
    ``contamination`` where that is more, as robust estimators do (Rousseeuw and Van Driessen 1999,
    "A fast algorithm for the minimum covariance determinant estimator").

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer import TabTransferOutlierDetector
    >>> x = np.random.default_rng(0).normal(size=60)
    >>> X = np.stack([x, 2.0 * x], axis=1)
    >>> detector = TabTransferOutlierDetector(n_orders=2, random_state=0).fit(X)
    >>> detector.predict([[0.5, -1.0]])
    array([-1])
    >>> scores = detector.score_samples([[0.52, 1.04], [0.5, -1.0]])
    >>> bool(scores[0] > scores[1])
    True
    """

    def __init__(
        self,
        n_estimators: int = 1,
        *,
        n_orders: int = 4,
        contamination: float = 0.1,
        checkpoint: str | os.PathLike[str] | None = None,
        max_context_rows: int = 1024,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
        n_threads: int | None = None,
        memory_limit: int | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            n_estimators,
            checkpoint=checkpoint,
            max_context_rows=max_context_rows,
            random_state=random_state,
            device=device,
            n_threads=n_threads,
            memory_limit=memory_limit,
            verbose=verbose,
        )
        self.n_orders = n_orders
        self.contamination = contamination

    def fit(self, X: Any, y: Any = None) -> TabTransferOutlierDetector:
        """Read the training rows, and score them.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            Numbers, strings, categoricals, booleans, dates, durations, missing values.
        y : None
            Ignored.

        Returns
        -------
        TabTransferOutlierDetector
            Itself.

        Raises
        ------
        TabTransferError
            If the table or a parameter can't be used.
        """
        check_count("n_orders", self.n_orders)
        share = self.contamination
        if isinstance(share, bool) or not (isinstance(share, (int, float)) and 0.0 < share <= 0.5):
            raise TabTransferError(
                f"contamination must be a share above 0 and up to 0.5, not {share!r}."
            )
        self._learn_table(X)
        self._halves = deal_halves(self._table)
        self._models = KeptModels()
        self._usual = np.ones(self._table.n_rows, bool)
        first = self._scores(self._table, self._table.frame)
        self._models = KeptModels()
        self._usual = first >= np.quantile(first, max(_STRANGE, share))
        scores = self._scores(self._table, self._table.frame)
        self.offset_ = float(np.percentile(scores, 100.0 * share))
        return self

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return the log density of rows; less where they are stranger.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
            On scales of their own for each column: scores compare rows, not tables.

        Raises
        ------
        TabTransferError
            If columns are missing, new, or hold something else than in `fit`, or the checkpoint
            has changed since.
        """
        frame = self._aligned(X)
        return self._scores(self.table_, frame)

    def _scores(self, table: JointTable, frame: pd.DataFrame) -> NDArray[np.float64]:
        return log_densities(table, self._halves, frame, self.n_orders, self._models, self._usual)

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the scores of rows above ``offset_`` (n_rows,): negative for outliers."""
        check_is_fitted(self)
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return -1 for outliers and 1 for other rows (n_rows,)."""
        return np.where(self.decision_function(X) < 0.0, -1, 1)
