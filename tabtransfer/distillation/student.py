"""The student: boosted trees that read a table as the teacher does."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import tabtransfer
from tabtransfer.distillation.report import DistillationReport
from tabtransfer.distillation.trees import predict_trees, tree_cells
from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing
from tabtransfer.learners.booster_file import read_booster, write_booster
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.training_rows import TrainingRows
from tabtransfer.saving.container import opened, read_entry
from tabtransfer.saving.sketch import TableSketch
from tabtransfer.saving.tagged_json import from_json, to_json
from tabtransfer.saving.training_rows import read_rows, write_rows

__all__ = ["Student"]

_RECORD, _BOOSTER = "student.json", "student.cbm"


@dataclass(frozen=True, eq=False)
class Student:
    """Boosted trees that were taught by a fitted model, for fast predictions.

    What `TabTransferClassifier.distill` and `TabTransferRegressor.distill` return.

    Parameters
    ----------
    booster : catboost.CatBoost
        The trees.
    encoder : TableEncoder
        What was learned of the columns.
    rows : TrainingRows
        The training rows, of which that was learned.
    classes_ : ndarray of shape (n_classes,), or None
        The class labels; None if the target is a number.
    report : DistillationReport or None
        What is lost against the teacher, and how much faster it is.
    encoder_weights : ndarray of float64, (n_rows,), or None
        Weights by which columns were learned.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from tabtransfer import TabTransferClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> student = TabTransferClassifier(trees=False, random_state=0).fit(X, y).distill()
    >>> student.predict(X[:2]).tolist(), student.report.metric
    ([0, 0], 'log loss')
    """

    booster: Any
    encoder: TableEncoder
    rows: TrainingRows
    classes_: NDArray[Any] | None
    report: DistillationReport | None
    encoder_weights: NDArray[np.float64] | None = None

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the most probable class, or the number.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Rows with the columns of the teacher's `fit`.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        values = self.values(X)
        return values[:, 0] if self.classes_ is None else self.classes_[values.argmax(1)]

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like, sparse or DataFrame of shape (n_rows, n_features)
            Rows with the columns of the teacher's `fit`.

        Returns
        -------
        ndarray of shape (n_rows, n_classes)
            In the order of ``classes_``.

        Raises
        ------
        TabTransferError
            If the target is a number.
        """
        if self.classes_ is None:
            raise TabTransferError("The student predicts numbers: call predict.")
        return self.values(X)

    def values(self, X: Any) -> NDArray[np.float64]:
        """Predict probabilities (n_rows, n_classes) or numbers (n_rows, 1)."""
        n_classes = 0 if self.classes_ is None else len(self.classes_)
        return predict_trees(self.booster, self.encode(X), n_classes)

    def encode(self, X: Any) -> NDArray[np.float32]:
        """Return rows as numbers (n_rows, n_encoded), as the trees and their ONNX form read them.

        Missing cells are -1e30.
        """
        return tree_cells(self.encoder.transform(X).cells)

    def to_onnx(self, path: str | os.PathLike[str]) -> None:
        """Write the trees as ONNX, whose input ``features`` is what `encode` returns.

        Parameters
        ----------
        path : path-like
            Where to write. Outputs are those of CatBoost: ``label`` (place in ``classes_``) and
            ``probabilities``, or ``predictions``.
        """
        with replacing(path) as partial:
            self.booster.save_model(str(partial), format="onnx")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one file without code in it, for `Student.load`.

        It holds the trees in CatBoost's format, and the training rows, by which columns are learned
        again.

        Parameters
        ----------
        path : path-like
            Where to write; an existing file is replaced, at the end and in one step.
        """
        content, checksum = write_booster(self.booster)
        table = self.encoder.transform(self.rows.X)
        classes = self.classes_
        record = {
            "version": tabtransfer.__version__,
            "checksum": checksum,
            "classes": None if classes is None else to_json(classes.tolist()),
            "classes_type": None if classes is None else classes.dtype.str,
            "report": None if self.report is None else asdict(self.report),
            "sketch": asdict(TableSketch.of(table, self.rows.labels)),
        }
        rows = TrainingRows(self.rows.X, self.rows.labels, self.encoder_weights)
        with replacing(path) as partial, zipfile.ZipFile(partial, "w") as archive:
            archive.writestr(zipfile.ZipInfo(_RECORD), json.dumps(record, indent=1))
            archive.writestr(zipfile.ZipInfo(_BOOSTER), content)
            write_rows(rows, lambda name: archive.open(zipfile.ZipInfo(name), "w"))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Student:
        """Read what `save` wrote.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        Student

        Raises
        ------
        TabTransferError
            If it isn't such a file, is damaged, or columns are read otherwise by the versions of
            libraries that are here.
        """
        with opened(Path(path), _RECORD) as archive:
            record = json.loads(read_entry(archive, _RECORD))
            booster = read_booster(read_entry(archive, _BOOSTER), record["checksum"])
            rows = read_rows(lambda name: read_entry(archive, name))
            classes = record["classes"]
            if classes is not None:
                classes = np.array(from_json(classes), dtype=np.dtype(record["classes_type"]))
            report = record["report"]
            report = None if report is None else DistillationReport(**report)
            saved = TableSketch(**record["sketch"])
        encoder = TableEncoder().fit(rows.X, rows.weights)
        found = TableSketch.of(encoder.transform(rows.X), rows.labels)
        names = [str(rows.X.columns[place]) for place in encoder.sources_]
        difference = found.difference(saved, names)
        if difference:
            raise TabTransferError(
                f"{path} was saved with other versions of libraries, which read its columns "
                f"otherwise: {difference}. Distil again."
            )
        return cls(booster, encoder, rows, classes, report, rows.weights)
