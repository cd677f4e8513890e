"""The package's own estimators as methods of the leaderboard, with and without pretraining."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tabtransfer.baselines.method import Method

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.base import BaseEstimator

    from tabtransfer.datasets.table import Table

__all__ = ["TABTRANSFER", "TABTRANSFER_FINETUNED", "TABTRANSFER_SCRATCH"]

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
    from tabtransfer.classifier import TabTransferClassifier

    return TabTransferClassifier(random_state=random_state, n_threads=n_threads)


def make_pretrained_regressor(random_state: int, n_threads: int) -> BaseEstimator:
    """Make the pretrained regressor that learns in context; see `make_pretrained`."""
    from tabtransfer.regressor import TabTransferRegressor

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


def own_quantiles(regressor: Any, X: Any, levels: Sequence[float]) -> NDArray[Any]:
    """Return the quantiles that a regressor of ours predicts, (n_rows, n_levels)."""
    return regressor.predict(X, output="quantiles", quantiles=levels)


def weights_missing() -> str | None:
    """Say that the shipped weights aren't there, or None where they are."""
    from tabtransfer.checkpoint import SHIPPED

    return None if SHIPPED.is_file() else f"the pretrained weights are not at {SHIPPED}"


def table_seen(table: Table) -> str | None:
    """Say that the shipped weights were trained on a table, or None where they weren't."""
    from tabtransfer.checkpoint import read_header
    from tabtransfer.datasets.fingerprints import trained_on

    frame = table.X.assign(**{str(table.y.name): table.y})
    return trained_on(read_header().get("tables", []), table.name, frame)


_PACKAGES = ("tabtransfer", "torch")

TABTRANSFER = Method(
    "tabtransfer",
    make_pretrained,
    weights_missing,
    table_seen,
    packages=_PACKAGES,
    make_regressor=make_pretrained_regressor,
    quantiles=own_quantiles,
)
TABTRANSFER_FINETUNED = Method(
    "tabtransfer-finetuned",
    make_finetuned,
    weights_missing,
    table_seen,
    packages=_PACKAGES,
    make_regressor=make_finetuned_regressor,
    quantiles=own_quantiles,
)
TABTRANSFER_SCRATCH = Method(
    "tabtransfer-scratch",
    make_scratch,
    weights_missing,
    packages=_PACKAGES,
    make_regressor=make_scratch_regressor,
    quantiles=own_quantiles,
)
