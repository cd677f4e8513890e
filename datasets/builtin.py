"""Tables that come with scikit-learn."""

from __future__ import annotations

import pandas as pd
from sklearn import datasets as sklearn_datasets
from sklearn.utils import Bunch

from tabtransfer.datasets.table import TableMetadata, TableSource

__all__ = ["TABLES"]

_LICENCE = "BSD-3-Clause (package)"


def _with_class_names(bunch: Bunch) -> tuple[pd.DataFrame, pd.Series]:
    names = pd.Series([str(name) for name in bunch.target_names])
    return bunch.data, bunch.target.map(names)


def _read_iris() -> tuple[pd.DataFrame, pd.Series]:
    return _with_class_names(sklearn_datasets.load_iris(as_frame=True))


def _read_wine() -> tuple[pd.DataFrame, pd.Series]:
    return _with_class_names(sklearn_datasets.load_wine(as_frame=True))


def _read_breast_cancer() -> tuple[pd.DataFrame, pd.Series]:
    return _with_class_names(sklearn_datasets.load_breast_cancer(as_frame=True))


def _read_digits() -> tuple[pd.DataFrame, pd.Series]:
    return _with_class_names(sklearn_datasets.load_digits(as_frame=True))


def _read_diabetes() -> tuple[pd.DataFrame, pd.Series]:
    bunch = sklearn_datasets.load_diabetes(as_frame=True, scaled=False)
    sex = bunch.data["sex"].astype(int).astype(str).astype("category")
    return bunch.data.assign(sex=sex), bunch.target


TABLES: tuple[TableSource, ...] = (
    TableSource(
        TableMetadata(
            name="iris",
            task="multiclass",
            target="species",
            n_rows=150,
            n_columns=4,
            n_categorical=0,
            missing_share=0.0,
            n_classes=3,
            kind="numeric",
            package="scikit-learn",
            licence=_LICENCE,
            description="Flowers: species of an iris from four lengths.",
        ),
        _read_iris,
    ),
    TableSource(
        TableMetadata(
            name="wine",
            task="multiclass",
            target="cultivar",
            n_rows=178,
            n_columns=13,
            n_categorical=0,
            missing_share=0.0,
            n_classes=3,
            kind="numeric",
            package="scikit-learn",
            licence=_LICENCE,
            description="Wines: cultivar from a chemical analysis.",
        ),
        _read_wine,
    ),
    TableSource(
        TableMetadata(
            name="breast_cancer",
            task="binary",
            target="diagnosis",
            n_rows=569,
            n_columns=30,
            n_categorical=0,
            missing_share=0.0,
            n_classes=2,
            kind="numeric",
            package="scikit-learn",
            licence=_LICENCE,
            description="Tumours: malignant or benign, from measures of the cells' nuclei.",
        ),
        _read_breast_cancer,
    ),
    TableSource(
        TableMetadata(
            name="digits",
            task="multiclass",
            target="digit",
            n_rows=1797,
            n_columns=64,
            n_categorical=0,
            missing_share=0.0,
            n_classes=10,
            kind="image",
            package="scikit-learn",
            licence=_LICENCE,
            description="Handwritten digits as 8 × 8 pixels: which digit.",
        ),
        _read_digits,
    ),
    TableSource(
        TableMetadata(
            name="diabetes",
            task="regression",
            target="progression",
            n_rows=442,
            n_columns=10,
            n_categorical=1,
            missing_share=0.0,
            n_classes=None,
            kind="mixed",
            package="scikit-learn",
            licence=_LICENCE,
            description="Patients: progression of diabetes a year later, in the original units.",
        ),
        _read_diabetes,
    ),
)
