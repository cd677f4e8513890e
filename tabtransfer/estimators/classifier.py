"""The pretrained network as a scikit-learn classifier."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from tabtransfer.estimators.base import InContextEstimator
from tabtransfer.finetune.config import FinetuneConfig
from tabtransfer.inference.fitted import FittedClassifier

__all__ = ["TabTransferClassifier"]


class TabTransferClassifier(ClassifierMixin, InContextEstimator):
    """Classify rows with a pretrained network that reads the training rows as its context.

    Frames, arrays and sparse matrices may hold numbers, strings, text, categoricals, booleans,
    dates, durations and missing values as they are; `tabtransfer.TableEncoder` says how they are
    read. Any number of classes and rows works: more classes than the network has outputs for go
    through a tree of class groups, more rows than ``max_context_rows`` are read in parts.

    Parameters
    ----------
    n_estimators : int or None, default=None
        Members of the ensemble; each sees the table in another view (order of columns and
        classes, scale of numbers, coding of categories). None: four, or two where all of them
        would read the same more than 2,000 rows, or one of two reads by clusters.
    class_weight : None, "balanced" or mapping of class to float, default=None
        How much more frequent classes are to be taken to be than the training rows say:
        probabilities are multiplied by it and normalised. A mapping may leave out classes of
        weight 1; "balanced" weighs all classes as if they were equally frequent.
    calibrate : bool, default=False
        Whether to fit a temperature on out-of-fold predictions of up to 1,000 training rows
        and divide log probabilities by it. Without class weights the most probable class
        stays as it is.
    finetune : False, "auto", "full", "last" or FinetuneConfig, default=False
        Whether to adapt the network's weights to the training rows: all of them ("full", or True),
        or those of the last third of its layers ("last"). "auto" adapts all, but leaves tables of
        fewer than 300 rows as they are, and does what the time limit allows. The pretrained
        weights are kept unless rows held out speak for the tuned ones
        (`tabtransfer.FinetuneConfig` says how).
    checkpoint : path-like, optional
        Weights to use; the shipped ones if not given.
    max_context_rows : int, default=4096
        Most training rows that a member reads at once. Of more rows, half of the members read a
        sample of their own, each class at its share, and half read by clusters, up to eight: a
        row is predicted from rows of its cluster and some others. If memory is short, all read
        samples.
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
    classes_ : ndarray of shape (n_classes,)
        The class labels.
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
    context_strategy_ : {"all rows", "stratified sample per member", "samples and clusters"}
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
        The temperature, and the log loss out of fold without and with it. Only with
        ``calibrate=True``.
    encoder_ : TableEncoder
        What was learned of the columns.
    learners_ : FittedLearners or None
        The forest, the boosted trees and the kernel whose predictions the network reads, in this
        order in ``learners_.fits``. None if ``trees=False``, or if there are fewer than 60 distinct
        training rows, or fewer than three a class. From eleven classes on boosting is left out,
        and its list in ``learners_.fits`` is empty (`tabtransfer.learners.choice`).
    ensemble_ : ClassificationEnsemble
        The training rows and the members that read them.
    class_weight_ : ndarray of shape (n_classes,)
        Weight of each class.
    fitted_ : FittedClassifier
        All that `fit` made, in one record.

    Notes
    -----
    A row's prediction does not depend on the rows predicted with it: up to rounding in
    float32, and to about 1e-12 for small tables, which are computed in float64.

    A training row of weight 2 counts as the row twice. Predictions equal those of the table
    with rows repeated to 1e-5 where the table has up to 5,000 cells and to about 1e-4 in larger
    ones; of more than 1,024 rows, or more than are read at once, row order alone changes a
    little too. Weights that sum to less than the number of rows, or to more than
    ``max_context_rows``, are scaled to the nearer of these.

    Class weights give the probabilities of a population with other shares of classes, which
    are not those of the training rows' own. To decide by costs and keep the probabilities, leave
    them out and move the threshold (`sklearn.model_selection.TunedThresholdClassifierCV`).

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

    _task = "classification"

    def __init__(
        self,
        n_estimators: int | None = None,
        *,
        class_weight: Mapping[Any, float] | str | None = None,
        calibrate: bool = False,
        finetune: bool | str | FinetuneConfig = False,
        checkpoint: str | os.PathLike[str] | None = None,
        max_context_rows: int = 4096,
        time_limit: float | None = 60.0,
        trees: bool = True,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
        n_threads: int | None = None,
        memory_limit: int | None = None,
        verbose: bool = False,
    ) -> None:
        super().__init__(
            n_estimators,
            calibrate=calibrate,
            finetune=finetune,
            checkpoint=checkpoint,
            max_context_rows=max_context_rows,
            time_limit=time_limit,
            trees=trees,
            random_state=random_state,
            device=device,
            n_threads=n_threads,
            memory_limit=memory_limit,
            verbose=verbose,
        )
        self.class_weight = class_weight

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, related: Any = None
    ) -> TabTransferClassifier:
        """Read the training rows, and fine-tune on them if asked to.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Numbers, strings, categoricals, booleans, dates, durations, missing values.
        y : array-like or Series of shape (n_rows,)
            Class labels of any type.
        sample_weight : array-like of shape (n_rows,), optional
            Weights of the rows, numbers from 0 on; rows of weight 0 are left out.
        related : tuple of (X, y), optional
            Rows of related tables, such as other years, regions or hospitals, and their targets, to
            be read beside the training rows, of which there are few. Columns are matched by name,
            of arrays by place; what they lack is missing, what ``X`` lacks is left out, as are
            rows of classes that ``y`` lacks. Of
            ``max_context_rows`` they take what training rows leave. Calibration, fine-tuning and
            `distill` judge by training rows alone.

        Returns
        -------
        TabTransferClassifier
            Itself.

        Raises
        ------
        TabTransferError
            If the table, the labels or the weights can't be used; the message names the columns
            and a way out. scikit-learn's own ``ValueError`` where ``X`` or ``y`` has the wrong
            shape.
        """
        self._fit(X, y, sample_weight, related)
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
        model, frame = self._model_and_rows(X)
        return cast(FittedClassifier, model).probabilities(frame)

    def predict_log_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            Natural logarithms, in the order of ``classes_``; −inf where a probability is 0.

        Raises
        ------
        TabTransferError
            As `predict_proba` does.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

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

    @property
    def classes_(self) -> NDArray[Any]:
        """The class labels."""
        return self._present("classes_", self._known("classes"))

    @property
    def class_weight_(self) -> NDArray[np.float64]:
        """Weight of each class."""
        return self._known("class_weights")
