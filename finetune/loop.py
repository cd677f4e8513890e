"""Fine-tune all weights of a network on one table, and keep them only if they are better.

1. Hold out a share of the rows, each class at its share, for validation.
2. The network before fine-tuning is the first candidate: its loss is the one to beat.
3. AdamW steps on episodes from the other rows: warm-up, then linear decay, clipped gradients.
4. Every few steps, validate; keep the best weights; stop after some checks without progress,
   at the last step, or when the time is up.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabtransfer.finetune.episodes import draw_episodes
from tabtransfer.inference.ensemble import Ensemble, build_ensemble
from tabtransfer.inference.out_of_memory import explaining_lack_of_memory
from tabtransfer.inference.placement import device_of
from tabtransfer.inference.views import KINDS, ViewKind
from tabtransfer.network.loss import task_loss
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.preprocessing.labelled_table import LabelledTable
from tabtransfer.preprocessing.stratified import stratified_rows
from tabtransfer.progress import progress_bar
from tabtransfer.tasks import TaskBatch

__all__ = ["FinetuneConfig", "FinetuneRecord", "finetune_network"]

GRADIENT_CLIP = 1.0
VALIDATION_MEMBERS = 2


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
        Steps of rising learning rate, and steps in all.
    episode_rows : int
        Most rows of an episode.
    validation_share : float
        Share of the rows held out.
    min_validation_rows : int
        With fewer rows to validate on, the network stays as it is.
    check_every, patience : int
        Steps between validations, and validations without progress before stopping.
    """

    learning_rate: float = 1e-4
    weight_decay: float = 0.01
    warmup_steps: int = 10
    max_steps: int = 200
    episode_rows: int = 512
    validation_share: float = 0.2
    min_validation_rows: int = 30
    check_every: int = 10
    patience: int = 5


@dataclass(frozen=True)
class FinetuneRecord:
    """What fine-tuning did.

    Parameters
    ----------
    chosen : {"base", "tuned"}
        The weights that were kept.
    reason : str
        Why, in words.
    base_loss, tuned_loss : float or None
        Log loss on the held-out rows before tuning and of the best weights after it; of
        numbers, the pinball loss over that of guessing. None where there was nothing to
        validate.
    n_steps : int
        Steps taken.
    seconds : float
        Time taken.
    """

    chosen: str
    reason: str
    base_loss: float | None = None
    tuned_loss: float | None = None
    n_steps: int = 0
    seconds: float = 0.0


def finetune_network(
    network: TabularTransformer,
    training: LabelledTable,
    config: FinetuneConfig,
    *,
    max_context_rows: int,
    time_limit: float | None,
    seed: int,
    kinds: Sequence[ViewKind] = KINDS,
    verbose: bool = False,
) -> tuple[TabularTransformer, FinetuneRecord]:
    """Adapt a network to a table.

    Parameters
    ----------
    network : TabularTransformer
        Where to start, on the device to compute on; it isn't changed.
    training : LabelledTable
        The training rows.
    config : FinetuneConfig
        Settings.
    max_context_rows : int
        Most rows that the network reads at once when validated.
    time_limit : float or None
        Seconds after which no further step is taken.
    seed : int
        Seed; the same seed gives the same weights, unless the time limit cuts in.
    kinds : sequence of ViewKind, default=KINDS
        Kinds of view to practise and validate in.
    verbose : bool, default=False
        Whether to show progress.

    Returns
    -------
    network : TabularTransformer
        The tuned network, on the same device, or ``network`` itself if tuning didn't make it
        better.
    record : FinetuneRecord
        What was done.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> from tabtransfer.preprocessing.labelled_table import LabelledTable
    >>> from tabtransfer.finetune.loop import FinetuneConfig, finetune_network
    >>> from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
    >>> X, y = np.arange(60.0)[:, None], np.arange(60) // 30
    >>> training = LabelledTable(TableEncoder().fit(X).transform(X), y, 2)
    >>> config = FinetuneConfig(max_steps=3, min_validation_rows=10)
    >>> network, record = finetune_network(
    ...     TabularTransformer(NetworkConfig()), training, config,
    ...     max_context_rows=100, time_limit=None, seed=0)
    >>> record.n_steps
    3
    """
    start = time.monotonic()
    rng = np.random.default_rng(seed)
    fit_rows, held_out = _hold_out(training.strata, config.validation_share, rng)
    if (training.labels[fit_rows] == training.labels[0]).all():
        return network, FinetuneRecord("base", "all rows have the same target")
    if len(held_out) < config.min_validation_rows:
        return network, FinetuneRecord(
            "base",
            f"of {training.n_rows} rows, {len(held_out)} can be held out for validation; "
            f"fine-tuning takes {config.min_validation_rows}",
        )
    ensemble = build_ensemble(
        training.take(fit_rows),
        network.config,
        VALIDATION_MEMBERS,
        max_context_rows,
        rng,
        kinds,
        device=device_of(network),
    )
    validation = _Validation(ensemble, training.take(held_out))
    episodes = draw_episodes(
        ensemble.training, network.config.max_classes, config.episode_rows, rng, kinds
    )
    base_loss = validation.loss(network)
    trainer = _Trainer(network, config)
    deadline = np.inf if time_limit is None else start + time_limit
    with progress_bar("fine-tuning", config.max_steps, verbose) as advance:

        def report(best_loss: float) -> None:
            advance(1, f"fine-tuning: held-out loss {base_loss:.4f} → {best_loss:.4f}")

        reason = trainer.run(episodes, validation, deadline, report)
    better = trainer.best_loss < base_loss
    record = FinetuneRecord(
        "tuned" if better else "base",
        reason,
        base_loss,
        trainer.best_loss if trainer.best_weights is not None else None,
        trainer.n_steps,
        time.monotonic() - start,
    )
    return trainer.best_network() if better else network, record


@dataclass(frozen=True)
class _Validation:
    """The held-out rows and the ensemble that predicts them."""

    ensemble: Ensemble
    rows: LabelledTable

    def loss(self, network: TabularTransformer) -> float:
        """Return the loss of a network on the held-out rows."""
        return self.ensemble.loss(network, self.rows)


class _Trainer:
    """The network that learns, its optimiser and schedule, and its best weights."""

    def __init__(self, network: TabularTransformer, config: FinetuneConfig) -> None:
        self.network = copy.deepcopy(network).train().requires_grad_(True)
        self.config = config
        self.n_steps = 0
        self.best_loss = float("inf")
        self.best_step = 0
        self.best_weights: dict[str, Tensor] | None = None
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimiser, self._pace)

    def run(
        self,
        episodes: Iterator[TaskBatch],
        validation: _Validation,
        deadline: float,
        report: Callable[[float], None],
    ) -> str:
        """Take steps until it is time to stop; return why it stopped."""
        config = self.config
        while self.n_steps < config.max_steps:
            if time.monotonic() > deadline:
                return "the time limit was reached"
            self._step(next(episodes))
            if self.n_steps % config.check_every == 0 or self.n_steps == config.max_steps:
                self._check(validation.loss(self.network))
                if self.n_steps - self.best_step >= config.patience * config.check_every:
                    return "the held-out loss stopped falling"
            report(self.best_loss)
        return "all steps were taken"

    def best_network(self) -> TabularTransformer:
        """Return the network with its best weights, frozen."""
        if self.best_weights is not None:
            self.network.load_state_dict(self.best_weights)
        return self.network.eval().requires_grad_(False)

    def _pace(self, step: int) -> float:
        """Return the learning rate of a step as a share of the highest."""
        config = self.config
        warm = (step + 1) / max(1, config.warmup_steps)
        left = (config.max_steps - step) / max(1, config.max_steps - config.warmup_steps)
        return min(warm, left)

    def _step(self, episode: TaskBatch) -> None:
        episode = episode.to(device_of(self.network))
        with explaining_lack_of_memory():
            loss = task_loss(self.network(episode), episode)
            self._optimiser.zero_grad()
            loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_CLIP)
        self._optimiser.step()
        self._schedule.step()
        self.n_steps += 1

    def _check(self, loss: float) -> None:
        if loss < self.best_loss:
            self.best_loss, self.best_step = loss, self.n_steps
            self.best_weights = copy.deepcopy(self.network.state_dict())


def _hold_out(
    strata: NDArray[np.int64], share: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split rows for fitting from rows for validation; every class has rows for fitting."""
    n_fit = max(len(np.unique(strata)), round(len(strata) * (1 - share)))
    n_held = len(strata) - n_fit
    held_out = stratified_rows(strata, n_held, rng, every_class=False) if n_held else np.arange(0)
    fit_rows = np.setdiff1d(np.arange(len(strata)), held_out)
    held_out = held_out[np.isin(strata[held_out], strata[fit_rows])]
    return np.setdiff1d(np.arange(len(strata)), held_out), held_out
