"""The settings of fine-tuning, and what it did."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from tabtransfer.errors import TabTransferError

__all__ = ["FinetuneConfig", "FinetuneRecord"]


@dataclass(frozen=True)
class FinetuneConfig:
    """Settings of fine-tuning.

    Parameters
    ----------
    learning_rate : float
        Highest learning rate.
    weight_decay : float
        AdamW's.
    warmup_steps, max_steps : int
        Steps of rising learning rate, and steps in all, of a child.
    layers : float
        Share of the layers that learn, counted from the last, with the head; 1: all weights.
    children : int
        Networks that are tuned, each without the rows that it holds out; their weights are
        averaged.
    episode_rows : int
        Most rows of an episode.
    validation_share : float
        Share of the rows that a child holds out; children hold out different ones.
    min_validation_rows : int
        With fewer rows to validate on, the network stays as it is.
    check_every, patience : int
        Steps between validations, and validations without progress before stopping.
    auto : bool
        Whether to leave tables of fewer than 300 rows as they are, to tune as many children as
        there is time for, and to stop after the first one where it is no better.
    least_probability : float
        The tuned weights are kept if they are better in this share of resamples of the rows that
        judge.
    folder : path-like, optional
        Where progress is kept, so that a fit that was killed goes on when it is given again.
    trials : int
        Rates, decays, steps and shares of layers that Optuna tries first, by two children each and
        in addition to the time limit; the best are taken, instead of ``auto``. With ``folder``,
        trials are kept beside it in a file of the suffix ``.trials``.

    Examples
    --------
    >>> from tabtransfer import FinetuneConfig, TabTransferClassifier
    >>> model = TabTransferClassifier(finetune=FinetuneConfig(max_steps=20, layers=0.5))
    """

    learning_rate: float = 3e-5
    weight_decay: float = 0.1
    warmup_steps: int = 10
    max_steps: int = 60
    layers: float = 1.0
    children: int = 4
    episode_rows: int = 512
    validation_share: float = 0.2
    min_validation_rows: int = 30
    check_every: int = 10
    patience: int = 3
    auto: bool = False
    least_probability: float = 0.8
    folder: str | os.PathLike[str] | None = None
    trials: int = 0

    def __post_init__(self) -> None:
        checks = {
            "learning_rate": self.learning_rate >= 0,
            "weight_decay": self.weight_decay >= 0,
            "layers": 0 < self.layers <= 1,
            "validation_share": 0 < self.validation_share <= 0.5,
            "children": 1 <= self.children <= round(1 / max(self.validation_share, 1e-9)),
            "max_steps": self.max_steps >= 1,
            "check_every": self.check_every >= 1,
            "patience": self.patience >= 1,
            "episode_rows": self.episode_rows >= 4,
            "least_probability": 0 <= self.least_probability <= 1,
            "trials": self.trials >= 0,
        }
        wrong = [name for name, is_right in checks.items() if not is_right]
        if wrong:
            raise TabTransferError(
                f"FinetuneConfig has a {wrong[0]} that it can't have: {getattr(self, wrong[0])!r}."
            )


@dataclass(frozen=True)
class FinetuneRecord:
    """What fine-tuning did.

    Losses are log losses; of numbers, pinball losses over that of guessing. They are of rows that
    the child that predicts them held out, and that didn't decide when it stopped.

    Parameters
    ----------
    chosen : {"base", "tuned"}
        The weights that were kept.
    reason : str
        Why, in words.
    stopped : str
        Why no further step was taken, in words.
    base_loss, tuned_loss : float or None
        Mean losses before tuning and after it. None where there was nothing to judge by.
    gain, gain_low, gain_high : float or None
        How much the loss fell, with its 95 % interval over resamples of the rows.
    probability : float or None
        Share of the resamples in which the tuned weights are better.
    n_rows : int
        Rows that judged.
    curve : tuple of (int, float)
        Step, and mean loss of the rows by which children stopped; step 0 is before tuning.
    n_children, n_steps : int
        Children tuned, and their steps in all.
    seconds : float
        Time taken.
    found : FinetuneConfig or None
        The settings that a search found, if there was one.
    """

    chosen: str
    reason: str
    stopped: str = ""
    base_loss: float | None = None
    tuned_loss: float | None = None
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    probability: float | None = None
    n_rows: int = 0
    curve: tuple[tuple[int, float], ...] = ()
    n_children: int = 0
    n_steps: int = 0
    seconds: float = 0.0
    found: FinetuneConfig | None = None

    def __post_init__(self) -> None:
        # From JSON they are lists and a mapping.
        if isinstance(self.found, Mapping):
            object.__setattr__(self, "found", FinetuneConfig(**self.found))
        curve = tuple((int(step), float(loss)) for step, loss in self.curve)
        object.__setattr__(self, "curve", curve)
