"""Logistic and ridge regression on features made as people make them by hand, without learning.

skrub's `TableVectorizer` makes them: categories one-hot, those of many levels by the pieces of
words that they share; numbers squashed, with a flag where they are missing, and as splines, so that
a line can bend.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import SplineTransformer

from tabtransfer.baselines.columns import categorical_frame
from tabtransfer.baselines.method import Method
from tabtransfer.preprocessing.columns.skrub_import import import_skrub

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

__all__ = ["LINEAR_FEATURES"]


def _make(make_model: Callable[[], BaseEstimator], random_state: int, n_threads: int) -> Pipeline:
    skrub = import_skrub()
    numbers = make_pipeline(
        skrub.SquashingScaler(),
        SimpleImputer(add_indicator=True, keep_empty_features=True),
        SplineTransformer(extrapolation="linear"),
    )
    features = skrub.TableVectorizer(
        numeric=numbers, high_cardinality=skrub.StringEncoder(random_state=random_state)
    )
    return Pipeline([*categorical_frame().steps, ("features", features), ("model", make_model())])


LINEAR_FEATURES = Method(
    name="linear-features",
    make=partial(_make, partial(LogisticRegression, max_iter=1000)),
    make_regressor=partial(_make, Ridge),
    packages=("scikit-learn", "skrub"),
)
