"""The package's own estimators as methods of the leaderboard, and their ablations.

The ablations are the same network without pretraining, without trees among its inputs, and the
inputs without the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tabtransfer.baselines.method import Method

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
    "TABTRANSFER_SYNTHETIC",
    "TABTRANSFER_WITHOUT_TREES",
]

TUNING_SECONDS = 15.0  # for one fit, fine-tuning and training from scratch alike


def make_pretrained(random_state: int, n_threads: int) -> BaseEstimator:
    """Make the pretrained classifier that learns in context.

    Parameters
    ----------
    random_state, n_threads : int
        Seed and threads.

    Returns
    -------
    TabTransferClassifier
        An unfitted classifier.
    """
    from tabtransfer.estimators.classifier import TabTransferClassifier

    return TabTransferClassifier(random_state=random_state, n_threads=n_threads)


def make_pretrained_regressor(random_state: int, n_threads: int) -> BaseEstimator:
    """Make the pretrained regressor that learns in context; see `make_pretrained`."""
    from tabtransfer.estimators.regressor import TabTransferRegressor

    return TabTransferRegressor(random_state=random_state, n_threads=n_threads)


def make_finetuned(random_state: int, n_threads: int) -> BaseEstimator:
    """Make the pretrained classifier that fine-tunes on the training rows.

    Parameters
    ----------
    random_state, n_threads : int
        Seed and threads.

    Returns
    -------
    TabTransferClassifier
        An unfitted classifier.
    """
    return make_pretrained(random_state, n_threads).set_params(
        finetune=True, time_limit=TUNING_SECONDS
    )


def make_finetuned_regressor(random_state: int, n_threads: int) -> BaseEstimator:
    """Make the pretrained regressor that fine-tunes; see `make_finetuned`."""
    return make_pretrained_regressor(random_state, n_threads).set_params(
        finetune=True, time_limit=TUNING_SECONDS
    )


def make_synthetic(random_state: int, n_threads: int) -> BaseEstimator:
    """Make the classifier that was pretrained on synthetic tables alone.

    Parameters
    ----------
    random_state, n_threads : int
        Seed and threads.

    Returns
    -------
    TabTransferClassifier
        An unfitted classifier.
    """
    from tabtransfer import checkpoint

    return make_pretrained(random_state, n_threads).set_params(checkpoint=checkpoint.SYNTHETIC)


def make_synthetic_regressor(random_state: int, n_threads: int) -> BaseEstimator:
    """Make the regressor that was pretrained on synthetic tables alone; see `make_synthetic`."""
    from tabtransfer import checkpoint

    regressor = make_pretrained_regressor(random_state, n_threads)
    return regressor.set_params(checkpoint=checkpoint.SYNTHETIC)


def make_without_trees(random_state: int, n_threads: int) -> BaseEstimator:
    """Make the pretrained classifier that reads no predictions of trees.

    Parameters
    ----------
    random_state, n_threads : int
        Seed and threads.

    Returns
    -------
    TabTransferClassifier
        An unfitted classifier.
    """
    return make_pretrained(random_state, n_threads).set_params(trees=False)


def make_regressor_without_trees(random_state: int, n_threads: int) -> BaseEstimator:
    """Make the pretrained regressor that reads no predictions of trees."""
    return make_pretrained_regressor(random_state, n_threads).set_params(trees=False)


def make_stack(random_state: int, n_threads: int) -> BaseEstimator:
    """Make the stack of what the pretrained classifier reads, without a network.

    Parameters
    ----------
    random_state, n_threads : int
        Seed and threads.

    Returns
    -------
    StackClassifier
        An unfitted classifier.
    """
    from tabtransfer.baselines.stack import StackClassifier

    return StackClassifier(random_state=random_state, n_threads=n_threads)


def make_stack_regressor(random_state: int, n_threads: int) -> BaseEstimator:
    """Make the stack of what the pretrained regressor reads; see `make_stack`."""
    from tabtransfer.baselines.stack import StackRegressor

    return StackRegressor(random_state=random_state, n_threads=n_threads)


def make_scratch(random_state: int, n_threads: int) -> BaseEstimator:
    """Make the same network, trained from a random start on the training rows alone.

    Parameters
    ----------
    random_state, n_threads : int
        Seed and threads.

    Returns
    -------
    ScratchClassifier
        An unfitted classifier.
    """
    from tabtransfer.baselines.scratch import ScratchClassifier

    return ScratchClassifier(
        time_limit=TUNING_SECONDS, random_state=random_state, n_threads=n_threads
    )


def make_scratch_regressor(random_state: int, n_threads: int) -> BaseEstimator:
    """Make the same network for numbers, trained from a random start; see `make_scratch`."""
    from tabtransfer.baselines.scratch import ScratchRegressor

    return ScratchRegressor(
        time_limit=TUNING_SECONDS, random_state=random_state, n_threads=n_threads
    )


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

TABTRANSFER = Method(
    "tabtransfer",
    make_pretrained,
    weights_missing,
    table_seen,
    packages=_PACKAGES,
    make_regressor=make_pretrained_regressor,
    quantiles=tabtransfer_quantiles,
)
TABTRANSFER_FINETUNED = Method(
    "tabtransfer-finetuned",
    make_finetuned,
    weights_missing,
    table_seen,
    packages=_PACKAGES,
    make_regressor=make_finetuned_regressor,
    quantiles=tabtransfer_quantiles,
)
TABTRANSFER_SYNTHETIC = Method(
    "tabtransfer-synthetic",
    make_synthetic,
    synthetic_weights_missing,
    table_seen_by_synthetic,
    packages=_PACKAGES,
    make_regressor=make_synthetic_regressor,
    quantiles=tabtransfer_quantiles,
)
TABTRANSFER_SCRATCH = Method(
    "tabtransfer-scratch",
    make_scratch,
    weights_missing,
    packages=_PACKAGES,
    make_regressor=make_scratch_regressor,
    quantiles=tabtransfer_quantiles,
)
TABTRANSFER_WITHOUT_TREES = Method(
    "tabtransfer-no-trees",
    make_without_trees,
    weights_missing,
    table_seen,
    packages=_PACKAGES,
    make_regressor=make_regressor_without_trees,
    quantiles=tabtransfer_quantiles,
)
STACK = Method(
    "stack",
    make_stack,
    packages=_LIBRARIES,
    make_regressor=make_stack_regressor,
    quantiles=tabtransfer_quantiles,
)
