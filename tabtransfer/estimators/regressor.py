"""The pretrained network as a scikit-learn regressor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast, overload

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from tabtransfer.errors import TabTransferError
from tabtransfer.estimators.base import InContextEstimator
from tabtransfer.inference.distribution import QuantileDistribution
from tabtransfer.inference.fitted import FittedRegressor
from tabtransfer.preprocessing.target_scale import warn_of_clipped

__all__ = ["TabTransferRegressor"]


class TabTransferRegressor(RegressorMixin, InContextEstimator):
    """Predict numbers with a pretrained network that reads the training rows as its context.

    Frames, arrays and sparse matrices may hold numbers, strings, text, categoricals, booleans,
    dates, durations and missing values as they are; `tabtransfer.TableEncoder` says how they are
    read. Any number of rows works: more than ``max_context_rows`` are read in parts.

    Parameters
    ----------
    n_estimators : int or None, default=None
        Members of the ensemble; each sees the table in another view (order of columns,
        scale of numbers and of the target, coding of categories). None: four, or
        two where one of them reads by clusters.
    calibrate : bool, default=False
        Whether to fit on out-of-fold predictions of up to 1,000 training rows how wide
        distributions should be, and stretch them around their mean, which stays as it is.
    finetune : False, "auto", "full", "last" or FinetuneConfig, default=False
        Whether to adapt the network's weights to the training rows: all of them ("full", or True),
        or those of the last third of its layers ("last"). "auto" adapts all, but leaves tables of
        fewer than 300 rows as they are, and does what the time limit allows. The pretrained
        weights are kept unless rows held out speak for the tuned ones
        (`tabtransfer.FinetuneConfig` says how).
    checkpoint : path-like, optional
        Weights to use; the shipped ones if not given.
    max_context_rows : int, default=4096
        Most training rows that a member reads at once; of more, it reads a sample. From 3,750 rows
        on, half of the members read by clusters, up to eight: a row is predicted from rows of its
        cluster and some others. If memory is short, none does.
    time_limit : float or None, default=60.0
        Seconds that fine-tuning and calibration may take each.
    trees : bool, default=True
        Whether the network reads what a forest, boosted trees and a kernel chosen for the table
        predict, fitted to all training rows (`tabtransfer.learners`). Without them `fit` is
        quicker, and tables of several thousand rows are predicted less well.
    random_state : int, RandomState instance or None, default=None
        Seed of the views, the samples and fine-tuning.
    device : str, default="auto"
        Where the network computes, as torch names it: "cpu", "cuda", "cuda:1", "mps". "auto" is
        the GPU where torch finds one for CUDA, else the CPU. Trees always take the CPU.
    n_threads : int or None, default=None
        Threads to compute with; None leaves torch's own setting.
    memory_limit : int or None, default=None
        Bytes that `fit` and prediction may take beyond the table and its encoded form; half of
        what is free if None. Where that is little, members read fewer rows, then fewer columns.
        With a GPU: as much of its memory, eight tenths of what is free there if None, and as
        much of the main memory for trees and encoded rows.
    verbose : bool, default=False
        Whether to show progress, and to warn of columns that are read in an unexpected way: a
        `ColumnWarning` for each of ``column_notes_``, by the column's name.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, if all are strings. Columns are then matched by name.
    device_ : str
        Where predictions are computed: "cpu", "cuda:0", … They follow the parameter, as they follow
        ``n_threads``: after ``set_params(device="cpu")`` a fitted model predicts on the CPU.
    n_estimators_ : int
        Members of the ensemble.
    n_context_rows_ : int
        Most training rows that a member reads at once; fewer than there are if not all of them
        are read together.
    context_strategy_ : {"all rows", "all rows and clusters", "samples and clusters", \
"stratified sample per member"}
        How the rows that members read were chosen.
    context_cached_ : bool
        Whether what the network read in `fit` is kept for prediction; otherwise memory is short
        and every prediction reads the training rows again. Copies and pickles read them again
        once.
    fit_seconds_ : float
        Seconds that `fit` took; not in models that were loaded.
    finetuning_ : FinetuneRecord
        What fine-tuning did: losses on held-out rows before and after, the gain with its
        interval, the curve, steps, seconds, the weights chosen and why. Only with ``finetune``.
    calibration_ : Calibration
        The temperature that stretches distributions, and the pinball loss out of fold without
        and with it. Only with ``calibrate=True``.
    encoder_ : TableEncoder
        What was learned of the columns.
    learners_ : FittedLearners or None
        The forest, the boosted trees and the kernel whose predictions the network reads, in this
        order in ``learners_.fits``. None if ``trees=False``, or if there are fewer than 60 distinct
        training rows (`tabtransfer.learners.choice`).
    ensemble_ : RegressionEnsemble
        The training rows and the members that read them.
    fitted_ : FittedRegressor
        All that `fit` made, in one record.

    Notes
    -----
    The network predicts 99 quantiles of the target on a scale of the training rows: half of
    the members standardise it, half take its normal scores by rank. Training targets more
    than five standard deviations from their mean count as five.

    A row's prediction does not depend on the rows predicted with it: up to rounding in
    float32, and to about 1e-12 for small tables, which are computed in float64.

    A training row of weight 2 counts as the row twice. Predictions equal those of the table
    with rows repeated to 1e-5 where the table has up to 5,000 cells and to about 1e-4 in larger
    ones; of more than 1,024 rows, or more than are read at once, row order alone changes a
    little too. Weights that sum to less than the number of rows, or to more than
    ``max_context_rows``, are scaled to the nearer of these.

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
    >>> model.predict(X_test, output="quantiles", quantiles=[0.1, 0.5, 0.9]).shape
    (111, 3)
    >>> model.predict(X_test, output="distribution").interval(0.8).shape
    (111, 2)
    >>> bool(model.score(X_test, y_test) > 0.3)
    True
    """

    _task = "regression"

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, related: Any = None
    ) -> TabTransferRegressor:
        """Read the training rows, and fine-tune on them if asked to.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Numbers, strings, categoricals, booleans, dates, durations, missing values.
        y : array-like or Series of shape (n_rows,)
            Numbers.
        sample_weight : array-like of shape (n_rows,), optional
            Weights of the rows, numbers from 0 on; rows of weight 0 are left out.
        related : tuple of (X, y), optional
            Rows of related tables, such as other years, regions or hospitals, and their targets, to
            be read beside the training rows, of which there are few. Columns are matched by name,
            of arrays by place; what they lack is missing, what ``X`` lacks is left out. Of
            ``max_context_rows`` they take what training rows leave. Calibration, fine-tuning and
            `distill` judge by training rows alone.

        Returns
        -------
        TabTransferRegressor
            Itself.

        Raises
        ------
        TabTransferError
            If the table, the target or the weights can't be used, or the checkpoint wasn't
            pretrained for regression; the message names the columns and a way out.
            scikit-learn's own ``ValueError`` where ``X`` or ``y`` has the wrong shape.

        Warns
        -----
        UserWarning
            If targets are clipped; it says how many.
        """
        self._fit(X, y, sample_weight, related)
        model = self.fitted_
        share = 0.0 if model.blend is None else 1.0 - model.blend.shares[0]
        training = model.ensemble.training
        warn_of_clipped(training.labels, training.weights, share)
        return self

    @overload
    def predict(
        self,
        X: Any,
        *,
        output: Literal["mean", "median", "quantiles"] = ...,
        quantiles: Sequence[float] = ...,
    ) -> NDArray[np.float64]: ...

    @overload
    def predict(
        self, X: Any, *, output: Literal["distribution"], quantiles: Sequence[float] = ...
    ) -> QuantileDistribution: ...

    def predict(
        self,
        X: Any,
        *,
        output: Literal["mean", "median", "quantiles", "distribution"] = "mean",
        quantiles: Sequence[float] = (0.1, 0.5, 0.9),
    ) -> NDArray[np.float64] | QuantileDistribution:
        """Predict the target: its mean, or more of its distribution.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.
        output : {"mean", "median", "quantiles", "distribution"}, default="mean"
            What to predict.
        quantiles : sequence of float, default=(0.1, 0.5, 0.9)
            Levels between 0 and 1 of ``output="quantiles"``: a row's target lies below the 0.9
            quantile 9 times in 10. Levels outside of 0.01 to 0.99 go beyond what the network
            predicts, see `QuantileDistribution`.

        Returns
        -------
        ndarray of shape (n_rows,), or (n_rows, len(quantiles)), or QuantileDistribution
            Numbers; quantiles in the order of ``quantiles``; or an object with the mean,
            quantiles, density, samples and scores of each row's target.

        Raises
        ------
        TabTransferError
            If columns are missing, new, or hold something else than in `fit`, if the checkpoint
            has changed since, or if there is no such output or level.
        """
        answers = {
            "mean": QuantileDistribution.mean,
            "median": QuantileDistribution.median,
            "quantiles": lambda distribution: distribution.quantile(np.atleast_1d(quantiles)),
            "distribution": lambda distribution: distribution,
        }
        if output not in answers:
            raise TabTransferError(f"output must be one of {', '.join(answers)}, not {output!r}.")
        model, frame = self._model_and_rows(X)
        return answers[output](cast(FittedRegressor, model).distribution(frame))
