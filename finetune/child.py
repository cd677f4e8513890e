"""A child: a copy of the network that learns from a table without the rows that it holds out.

AdamW steps on episodes: warm-up, then linear decay, clipped gradients. Every few steps, half of the
rows held out say how good the weights are; the best ones are kept, those before tuning among them.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabtransfer.finetune.config import FinetuneConfig
from tabtransfer.finetune.episodes import Episodes
from tabtransfer.finetune.state import read_state, write_state
from tabtransfer.inference.ensemble import ClassificationEnsemble, RegressionEnsemble
from tabtransfer.inference.out_of_memory import explaining_lack_of_memory
from tabtransfer.inference.placement import device_of
from tabtransfer.network.loss import task_loss
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.preprocessing.labelled_table import LabelledTable

__all__ = ["Child", "HeldOut", "Outcome"]

GRADIENT_CLIP = 1.0


@dataclass(frozen=True)
class HeldOut:
    """The rows that a child holds out, and the ensemble that predicts them.

    Parameters
    ----------
    ensemble : ClassificationEnsemble or RegressionEnsemble
        Reads the other rows.
    stopping, judging : LabelledTable
        The rows by which it stops, and those by which it is judged.
    """

    ensemble: ClassificationEnsemble | RegressionEnsemble
    stopping: LabelledTable
    judging: LabelledTable

    def stop_loss(self, network: TabularTransformer) -> float:
        """Return the mean loss of the rows by which the child stops."""
        return self.ensemble.loss(network, self.stopping)

    def judge_losses(self, network: TabularTransformer) -> NDArray[np.float64]:
        """Return the losses of the rows by which it is judged."""
        return self.ensemble.row_losses(network, self.judging)


@dataclass(eq=False)
class Outcome:
    """How far a child has come.

    Parameters
    ----------
    best : dict of str to Tensor
        Its best weights.
    stopped : str
        Why it stopped; empty while it hasn't.
    n_steps, best_step : int
        Steps taken, and those after which the weights were best.
    curve : list of (int, float)
        Steps, and the loss of the rows by which it stops.
    """

    best: dict[str, Tensor]
    stopped: str = ""
    n_steps: int = 0
    best_step: int = 0
    curve: list[tuple[int, float]] = field(default_factory=list)

    @property
    def best_loss(self) -> float:
        """Loss of the best weights."""
        return min((loss for _, loss in self.curve), default=float("inf"))


class Child:
    """Tune a copy of a network.

    Parameters
    ----------
    network : TabularTransformer
        Where to start, on the device to compute on; it isn't changed.
    config : FinetuneConfig
        Settings.
    episodes : Episodes
        Of the rows that it learns from.
    held_out : HeldOut
        The others.
    seed : list of int
        Of the episodes.
    path : Path, optional
        Where progress is kept.
    digest : str
        What that depends on.
    """

    def __init__(
        self,
        network: TabularTransformer,
        config: FinetuneConfig,
        episodes: Episodes,
        held_out: HeldOut,
        seed: list[int],
        path: Path | None = None,
        digest: str = "",
    ) -> None:
        self.network = copy.deepcopy(network).train().requires_grad_(False)
        self.config, self.episodes, self.held_out, self.seed = config, episodes, held_out, seed
        self.path, self.digest = path, digest
        self.time_left = 1.0  # share
        self._learning = learning_weights(self.network, config.layers)
        for weight in self._learning.values():
            weight.requires_grad_(True)
        self._optimiser = torch.optim.AdamW(
            self._learning.values(), config.learning_rate, weight_decay=config.weight_decay
        )
        self.outcome = Outcome(self._weights())
        self._resume()

    def run(self, deadline: float, report: Callable[[Child], object]) -> Outcome:
        """Take steps until it is time to stop.

        Parameters
        ----------
        deadline : float
            When no further step is taken, on the monotonic clock.
        report : callable
            Called with the child after each step.

        Returns
        -------
        Outcome
        """
        outcome = self.outcome
        self.begin()
        start = time.monotonic()
        while not outcome.stopped:
            now = time.monotonic()
            if now > deadline:
                outcome.stopped = "the time limit was reached"
                break
            if deadline < np.inf:  # with too little time for all steps, rates fall with the time
                self.time_left = (deadline - now) / max(deadline - start, 1e-9)
            self.advance()
            report(self)
        return outcome

    def begin(self) -> None:
        """Validate the weights before tuning, unless that is done."""
        if not self.outcome.curve:
            self.outcome.curve.append((0, self.held_out.stop_loss(self.network)))

    def advance(self) -> None:
        """Take a step, and validate if it is time to."""
        outcome, config = self.outcome, self.config
        self._step()
        over = outcome.n_steps >= config.max_steps
        if over or outcome.n_steps % config.check_every == 0:
            self._check()
            if over:
                outcome.stopped = "all steps were taken"
            elif outcome.n_steps - outcome.best_step >= config.patience * config.check_every:
                outcome.stopped = "the held-out loss stopped falling"
            self._keep()

    def best_network(self) -> TabularTransformer:
        """Return the network with its best weights, frozen."""
        self.network.load_state_dict(self.outcome.best, strict=False)
        return self.network.eval().requires_grad_(False)

    def _step(self) -> None:
        step = self.outcome.n_steps
        # Of each step on its own, so that a resumed child sees what an unbroken one would.
        episode = self.episodes.draw(np.random.default_rng([*self.seed, step]))
        episode = episode.to(device_of(self.network))
        for group in self._optimiser.param_groups:
            group["lr"] = self.config.learning_rate * self._pace(step)
        with explaining_lack_of_memory():
            loss = task_loss(self.network(episode), episode)
            self._optimiser.zero_grad()
            loss.backward()
        torch.nn.utils.clip_grad_norm_(self._learning.values(), GRADIENT_CLIP)
        self._optimiser.step()
        self.outcome.n_steps += 1

    def _pace(self, step: int) -> float:
        """Return the learning rate of a step as a share of the highest."""
        config = self.config
        warm = (step + 1) / max(1, config.warmup_steps)
        left = (config.max_steps - step) / max(1, config.max_steps - config.warmup_steps)
        return max(0.0, min(1.0, warm, left, self.time_left))

    def _check(self) -> None:
        outcome = self.outcome
        loss = self.held_out.stop_loss(self.network)
        if loss < outcome.best_loss:
            outcome.best, outcome.best_step = self._weights(), outcome.n_steps
        outcome.curve.append((outcome.n_steps, loss))

    def _weights(self) -> dict[str, Tensor]:
        return {name: weight.detach().clone() for name, weight in self._learning.items()}

    def _keep(self) -> None:
        """Write progress, if there is a place for it."""
        if self.path is None:
            return
        outcome = self.outcome
        tensors = {f"best.{name}": weight for name, weight in outcome.best.items()}
        for name, weight in self._learning.items():
            tensors[f"now.{name}"] = weight
            for part, value in self._optimiser.state[weight].items():
                tensors[f"{part}.{name}"] = value
        facts = {
            "digest": self.digest,
            "stopped": outcome.stopped,
            "n_steps": outcome.n_steps,
            "best_step": outcome.best_step,
            "curve": outcome.curve,
        }
        write_state(self.path, tensors, facts)

    def _resume(self) -> None:
        """Go on from progress that was kept, if there is some."""
        found = None if self.path is None else read_state(self.path, self.digest)
        if found is None:
            return
        tensors, facts = found
        device = device_of(self.network)

        def of(part: str, name: str) -> Tensor:
            return tensors[f"{part}.{name}"].to(device)

        with torch.no_grad():
            for name, weight in self._learning.items():
                weight.copy_(of("now", name))
                state: dict[str, Any] = {part: of(part, name) for part in ("exp_avg", "exp_avg_sq")}
                self._optimiser.state[weight] = {"step": tensors[f"step.{name}"], **state}
        self.outcome = Outcome(
            {name: of("best", name) for name in self._learning},
            facts["stopped"],
            facts["n_steps"],
            facts["best_step"],
            [(int(step), float(loss)) for step, loss in facts["curve"]],
        )


def learning_weights(network: TabularTransformer, layers: float) -> dict[str, torch.nn.Parameter]:
    """Return the weights that learn: all, or those of the last layers and of the head.

    Examples
    --------
    >>> from tabtransfer.finetune.child import learning_weights
    >>> from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
    >>> network = TabularTransformer(NetworkConfig(context_layers=4))
    >>> names = learning_weights(network, 0.25)
    >>> sorted({name.split(".")[0] for name in names}), "context.blocks.2" in str(names.keys())
    (['context', 'heads'], False)
    """
    every = dict(network.named_parameters())
    if layers >= 1.0:
        return every
    n_layers = network.config.context_layers
    first = n_layers - max(1, round(layers * n_layers))
    wanted = ("heads.", *(f"context.blocks.{place}." for place in range(first, n_layers)))
    return {name: weight for name, weight in every.items() if name.startswith(wanted)}
