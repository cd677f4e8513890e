"""Fine-tune all weights of a network on one table, and keep them only if they are better.

1. Hold out a share of the rows, each class at its share, for validation.
2. Candidate zero is the network as it came: its loss on those rows is the one to beat.
3. AdamW steps on episodes from the other rows: warm-up, then linear decay, clipped gradients.
4. Every few steps, validate; keep the best weights; stop after some checks without progress,
   at the last step, or when the time is up.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from tabtransfer.encoder import EncodedTable
from tabtransfer.finetune.episodes import draw_episodes
from tabtransfer.inference import Ensemble, stratified_rows
from tabtransfer.network import TabularTransformer

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
    episode_rows: int = 1024
    validation_share: float = 0.2
    min_validation_rows: int = 30
    check_every: int = 10
    patience: int = 5


@dataclass(frozen=True)
class FinetuneRecord:
    """Say what fine-tuning did.

    Parameters
    ----------
    chosen : {"base", "tuned"}
        The weights that were kept.
    reason : str
        Why, in words.
    base_loss, tuned_loss : float or None
        Log loss on the held-out rows before tuning and of the best weights after it; None
        where there was nothing to validate.
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
    table: EncodedTable,
    labels: NDArray[np.int64],
    n_classes: int,
    config: FinetuneConfig,
    *,
    max_context_rows: int,
    time_limit: float | None,
    seed: int,
    verbose: bool = False,
) -> tuple[TabularTransformer, FinetuneRecord]:
    """Adapt a network to a table.

    Parameters
    ----------
    network : TabularTransformer
        Where to start; it isn't changed.
    table, labels, n_classes
        The training rows: encoded cells, class indices and number of classes.
    config : FinetuneConfig
        Settings.
    max_context_rows : int
        Most rows that the network reads at once when validated.
    time_limit : float or None
        Seconds after which no further step is taken.
    seed : int
        Seed; the same seed gives the same weights, unless the time limit cuts in.
    verbose : bool, default=False
        Whether to show progress.

    Returns
    -------
    network : TabularTransformer
        The tuned network, or ``network`` itself if tuning didn't make it better.
    record : FinetuneRecord
        What was done.
    """
    start = time.monotonic()
    rng = np.random.default_rng(seed)
    fit_rows, held_out = _hold_out(labels, config.validation_share, rng)
    if n_classes < 2 or len(held_out) < config.min_validation_rows:
        reason = (
            f"{len(held_out)} of {len(labels)} rows can be held out, too few to validate "
            f"fine-tuning on; it takes {config.min_validation_rows}"
        )
        return network, FinetuneRecord("base", "one class" if n_classes < 2 else reason)

    ensemble = Ensemble.build(
        table.take(fit_rows),
        labels[fit_rows],
        n_classes,
        network.config,
        VALIDATION_MEMBERS,
        max_context_rows,
        rng,
    )
    held_out_table, held_out_labels = table.take(held_out), labels[held_out]

    def validate(candidate: TabularTransformer) -> float:
        probabilities = ensemble.probabilities(candidate, held_out_table)
        own = probabilities[np.arange(len(held_out_labels)), held_out_labels]
        return float(-np.log(own.clip(min=1e-15)).mean())

    base_loss = validate(network)
    trainer = _Trainer(network, config)
    episodes = draw_episodes(
        ensemble.table,
        ensemble.labels,
        n_classes,
        network.config.max_classes,
        config.episode_rows,
        rng,
    )
    best_loss, best_step, best_weights = np.inf, 0, None
    reason = f"{config.max_steps} steps done"
    with _progress(config.max_steps, verbose) as report:
        for step in range(1, config.max_steps + 1):
            if time_limit is not None and time.monotonic() - start > time_limit:
                reason = f"time limit of {time_limit:g} s reached"
                break
            trainer.step(next(episodes))
            if step % config.check_every == 0 or step == config.max_steps:
                loss = validate(trainer.network)
                if loss < best_loss:
                    best_loss, best_step = loss, step
                    best_weights = copy.deepcopy(trainer.network.state_dict())
                if (
                    step - max(best_step, config.warmup_steps)
                    >= config.patience * config.check_every
                ):
                    reason = "no progress on the held-out rows"
                    break
            report(step, base_loss, best_loss)

    better = best_weights is not None and best_loss < base_loss
    record = FinetuneRecord(
        "tuned" if better else "base",
        reason,
        base_loss,
        float(best_loss) if best_weights is not None else None,
        trainer.n_steps,
        time.monotonic() - start,
    )
    if not better:
        return network, record
    trainer.network.load_state_dict(best_weights)
    return trainer.network.eval().requires_grad_(False), record


class _Trainer:
    """Hold the network that learns, its optimiser and its schedule."""

    def __init__(self, network: TabularTransformer, config: FinetuneConfig) -> None:
        self.network = copy.deepcopy(network).train().requires_grad_(True)
        self.n_steps = 0
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        decay_steps = max(1, config.max_steps - config.warmup_steps)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser,
            lambda step: min(
                (step + 1) / max(1, config.warmup_steps), (config.max_steps - step) / decay_steps
            ),
        )

    def step(self, episode: Any) -> None:
        """Learn from one episode."""
        logits = self.network(episode)
        loss = F.cross_entropy(logits[0], episode.labels[0, episode.n_train :])
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_CLIP)
        self._optimiser.step()
        self._schedule.step()
        self.n_steps += 1


def _hold_out(
    labels: NDArray[np.int64], share: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split rows for fitting from rows for validation; every class stays in the former."""
    n_classes = len(np.unique(labels))
    n_fit = max(n_classes, round(len(labels) * (1 - share)))
    fit_rows = stratified_rows(labels, n_fit, rng)
    return fit_rows, np.setdiff1d(np.arange(len(labels)), fit_rows)


@contextmanager
def _progress(n_steps: int, verbose: bool) -> Iterator[Any]:
    """Give a function that shows a step and its losses, or does nothing."""
    if not verbose:
        yield lambda step, base_loss, best_loss: None
        return
    from rich.progress import Progress

    with Progress() as progress:
        bar = progress.add_task("fine-tuning", total=n_steps)

        def report(step: int, base_loss: float, best_loss: float) -> None:
            progress.update(
                bar,
                completed=step,
                description=f"fine-tuning: held-out log loss {base_loss:.4f} → {best_loss:.4f}",
            )

        yield report
