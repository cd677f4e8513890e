"""What is derived from a fitted estimator: explanations, vectors, a student, a saved file."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from tabtransfer.inference.fitted import FittedModel
from tabtransfer.inference.kept_network import KeptNetwork
from tabtransfer.inference.resources import Resources

if TYPE_CHECKING:
    from tabtransfer.distillation.student import Student
    from tabtransfer.explain.explanation import Explanation

__all__ = ["DerivedResults"]


class DerivedResults(ABC):
    """The methods of an estimator that start from its fitted model."""

    checkpoint: str | os.PathLike[str] | None
    fitted_: Any

    def explain(self, X: Any, n_rows: int = 10) -> Explanation:
        """Return which columns and which training rows drove the prediction of each row.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.
        n_rows : int, default=10
            Training rows to name for each row of ``X``, those of most weight.

        Returns
        -------
        Explanation
            Of the predicted class's probability, or of the predicted mean.

        Raises
        ------
        TabTransferError
            As `predict` does, and if ``n_rows`` isn't a whole number from 1 on.
        """
        from tabtransfer.explain.explanation import explain

        return explain(*self._model_and_rows(X), n_rows)

    def embed(self, X: Any) -> NDArray[np.float32]:
        """Return the vectors of rows from which the network predicts the target.

        Rows whose labels are in the training rows look clearer than new ones will: to learn from
        vectors of training rows, take `tabtransfer.TabTransferEmbedder`.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Rows with the columns of `fit`.

        Returns
        -------
        ndarray of float32, (n_rows, n_outputs)
            The vectors of the ensemble's members, side by side.

        Raises
        ------
        TabTransferError
            As `predict` does, and if there is one class only.
        """
        from tabtransfer.inference.row_vectors import embed

        return embed(*self._model_and_rows(X))

    def distill(self, X_unlabelled: Any = None) -> Student:
        """Teach boosted trees what the model predicts, for fast predictions.

        They learn from a mixture of the training rows' labels and of what the model predicts for
        each row without its label. A report compares them with the model, on rows held out.

        Parameters
        ----------
        X_unlabelled : array-like, sparse or DataFrame of shape (n_rows, n_features), optional
            Further rows without targets, to learn the model's predictions of.

        Returns
        -------
        Student
            With ``predict``, ``predict_proba``, ``report``, ``save`` and ``to_onnx``.

        Raises
        ------
        TabTransferError
            If there are fewer than 50 training rows.
        """
        from tabtransfer.distillation.distill import distill

        if X_unlabelled is None:
            return distill(replace(self.fitted_, network=self._network_now()))
        return distill(*self._model_and_rows(X_unlabelled))

    def save(self, path: str | os.PathLike[str], training_rows: bool = True) -> None:
        """Write the fitted model to one file without code in it, for `tabtransfer.load`.

        The file is a zip archive of JSON (settings, columns, versions), safetensors (the
        network's weights) and Parquet (the training rows as they were given).

        Parameters
        ----------
        path : path-like
            Where to write; an existing file is replaced, at the end and in one step.
        training_rows : bool, default=True
            Whether to write the training rows. Without them the file holds no row of the table,
            but has to be loaded with them: ``tabtransfer.load(path, X, y)``.

        Raises
        ------
        TabTransferError
            If the rows or settings can't be written so that they come back as they were; the
            message names the column.
        """
        from tabtransfer.saving.archive import save_model

        model = replace(self.fitted_, network=self._network_now())
        outcomes = {
            name: getattr(self, name)
            for name in ("finetuning_", "calibration_")
            if hasattr(self, name)
        }
        save_model(model, type(self), outcomes, path, training_rows)

    def _network_now(self) -> KeptNetwork:
        """Return the network of the fitted model, whose checkpoint may be elsewhere by now."""
        return replace(self.fitted_.network, checkpoint=self.checkpoint)

    def _model_and_rows(self, X: Any) -> tuple[FittedModel, pd.DataFrame]:
        """Return the fitted model, under the parameters as they are now, and aligned rows."""
        model = replace(self.fitted_, network=self._network_now(), resources=self._resources_now())
        frame = model.encoder.align(X)
        validate_data(self, frame, reset=False, skip_check_array=True)
        return model, frame

    @abstractmethod
    def _resources_now(self) -> Resources:
        """Return what predicting may take, by the parameters as they are now."""
