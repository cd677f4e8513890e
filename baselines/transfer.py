"""The package's own estimators as methods of the leaderboard, and their ablations.

The ablations are the same network without pretraining, without trees among its inputs, and the
inputs without the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tabtransfer.baselines.method import Method, make_estimator
from tabtransfer.baselines.tuning import SECONDS  # fine-tuning and training take as long

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from sklearn.base import BaseEstimator

    from tabtransfer.datasets.table import Table

__all__ = [
    "STACK",
    "TABTRANSFER",
    "TABTRANSFER_FINETUNED",
    "TABTRANSFER_SCRATCH",
    "TABTRANSFER_SCRATCH_WITHOUT_TREES",
    "TABTRANSFER_SYNTHETIC",
    "TABTRANSFER_WITHOUT_TREES",
]

# Named, as their modules import torch, which other methods' jobs do without.
_CLASSIFIER = "tabtransfer.estimators.classifier:TabTransferClassifier"
_REGRESSOR = "tabtransfer.estimators.regressor:TabTransferRegressor"
_SCRATCH_CLASSIFIER = "tabtransfer.baselines.scratch:ScratchClassifier"
_SCRATCH_REGRESSOR = "tabtransfer.baselines.scratch:ScratchRegressor"
_FINETUNED: dict[str, Any] = {"finetune": "auto", "time_limit": SECONDS}


def _make_synthetic(kind: str, random_state: int, n_threads: int) -> BaseEstimator:
    from tabtransfer.checkpoint import SYNTHETIC

    return make_estimator(kind, random_state, n_threads, checkpoint=SYNTHETIC)


def tabtransfer_quantiles(regressor: Any, X: Any, levels: Sequence[float]) -> NDArray[Any]:
    """Return the quantiles that a regressor of ours predicts, (n_rows, n_levels)."""
    return regressor.predict(X, output="quantiles", quantiles=levels)


def weights_missing() -> str | None:
    """Return a sentence if the shipped weights aren't there, else None."""
    from tabtransfer.checkpoint import SHIPPED

    return None if SHIPPED.is_file() else f"the pretrained weights are not at {SHIPPED}"


def synthetic_weights_missing() -> str | None:
    """Return a sentence if the weights of synthetic tables alone aren't there, else None."""
    from tabtransfer.checkpoint import SYNTHETIC, read_header

    if not SYNTHETIC.is_file():
        return f"the weights pretrained on synthetic tables alone are not at {SYNTHETIC}"
    tables = read_header(SYNTHETIC).get("tables")
    if tables is None:
        return f"the header of {SYNTHETIC} doesn't say that the weights saw no real table"
    return f"{SYNTHETIC} was trained on {len(tables)} real tables" if tables else None


def table_seen(table: Table) -> str | None:
    """Return a sentence if the shipped weights were trained on a table, else None."""
    from tabtransfer.checkpoint import SHIPPED

    return _trained_on(SHIPPED, table)


def table_seen_by_synthetic(table: Table) -> str | None:
    """Return a sentence if the weights of synthetic tables were trained on a table, else None."""
    from tabtransfer.checkpoint import SYNTHETIC

    return _trained_on(SYNTHETIC, table)


def _trained_on(path: Path, table: Table) -> str | None:
    from tabtransfer.checkpoint import read_header
    from tabtransfer.datasets.fingerprints import trained_on
    from tabtransfer.datasets.frames import with_target

    provenance = read_header(path).get("tables", [])
    return trained_on(provenance, table.name, with_target(table.X, table.y))


_LIBRARIES = ("torch", "scikit-learn", "catboost")
_PACKAGES = ("tabtransfer", *_LIBRARIES)


def _without_trees(method: Method) -> Method:
    """Return a method whose estimators read no trees."""
    assert method.make_regressor is not None
    return replace(
        method,
        name=f"{method.name}-no-trees",
        make=partial(method.make, trees=False),
        make_regressor=partial(method.make_regressor, trees=False),
    )


TABTRANSFER = Method(
    "tabtransfer",
    partial(make_estimator, _CLASSIFIER),
    weights_missing,
    table_seen,
    packages=_PACKAGES,
    make_regressor=partial(make_estimator, _REGRESSOR),
    quantiles=tabtransfer_quantiles,
    takes_device=True,
)
TABTRANSFER_FINETUNED = Method(
    "tabtransfer-finetuned",
    partial(make_estimator, _CLASSIFIER, **_FINETUNED),
    weights_missing,
    table_seen,
    packages=_PACKAGES,
    make_regressor=partial(make_estimator, _REGRESSOR, **_FINETUNED),
    quantiles=tabtransfer_quantiles,
    takes_device=True,
)
TABTRANSFER_SYNTHETIC = Method(
    "tabtransfer-synthetic",
    partial(_make_synthetic, _CLASSIFIER),
    synthetic_weights_missing,
    table_seen_by_synthetic,
    packages=_PACKAGES,
    make_regressor=partial(_make_synthetic, _REGRESSOR),
    quantiles=tabtransfer_quantiles,
    takes_device=True,
)
TABTRANSFER_SCRATCH = Method(
    "tabtransfer-scratch",
    partial(make_estimator, _SCRATCH_CLASSIFIER, time_limit=SECONDS),
    weights_missing,
    packages=_PACKAGES,
    make_regressor=partial(make_estimator, _SCRATCH_REGRESSOR, time_limit=SECONDS),
    quantiles=tabtransfer_quantiles,
    takes_device=True,
)
TABTRANSFER_WITHOUT_TREES = _without_trees(TABTRANSFER)
TABTRANSFER_SCRATCH_WITHOUT_TREES = _without_trees(TABTRANSFER_SCRATCH)
STACK = Method(
    "stack",
    partial(make_estimator, "tabtransfer.baselines.stack:StackClassifier"),
    packages=_LIBRARIES,
    make_regressor=partial(make_estimator, "tabtransfer.baselines.stack:StackRegressor"),
    quantiles=tabtransfer_quantiles,
    takes_device=True,
)
