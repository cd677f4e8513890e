"""Fine-tune a network on one table, and keep the tuned weights only if they are better.

1. Children are copies of the network; each holds out other rows, and learns from episodes of the
   rest (`tabtransfer.finetune.child`). Half of what it holds out says when to stop.
2. The other half judges: the network before tuning is the first candidate, and wins unless the
   children are better in four of five resamples of these rows.
3. The children's weights are averaged. All rows are context of predictions, those held out too.
4. The first child and what it held out say how good tuned weights are beside other predictions.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabtransfer.finetune.child import Child, HeldOut, Outcome
from tabtransfer.finetune.config import FinetuneConfig, FinetuneRecord
from tabtransfer.finetune.decision import Decision, decide
from tabtransfer.finetune.episodes import Episodes
from tabtransfer.finetune.state import digest_of
from tabtransfer.finetune.watch import tell
from tabtransfer.inference.ensemble import build_ensemble
from tabtransfer.inference.placement import device_of
from tabtransfer.inference.untaught import Untaught
from tabtransfer.inference.views import KINDS, ViewKind
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.preprocessing.labelled_table import LabelledTable
from tabtransfer.preprocessing.stratified import stratified_rows
from tabtransfer.progress import progress_bar

__all__ = ["finetune_network"]

VALIDATION_MEMBERS = 2
_MOST_HELD_OUT = 2000  # rows that a child predicts
FEWEST_ROWS = 300
"""Of fewer, ``"auto"`` tunes nothing: too few are held out to tell a gain from chance."""
_HOPELESS = 0.2  # probability that the first child is better
_STEPS_TIMED = 3


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
) -> tuple[TabularTransformer, FinetuneRecord, Untaught | None]:
    """Adapt a network to a table.

    Parameters
    ----------
    network : TabularTransformer
        Where to start, on the device to compute on; it isn't changed.
    training : LabelledTable
        The training rows, with what learners predict for each out of fold.
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
    untaught : Untaught or None
        The first child, and the rows that it held out; None where ``network`` is kept.

    Examples
    --------
    >>> import numpy as np
    >>> from tabtransfer.preprocessing.encoder import TableEncoder
    >>> from tabtransfer.preprocessing.labelled_table import LabelledTable
    >>> from tabtransfer.finetune.config import FinetuneConfig
    >>> from tabtransfer.finetune.loop import finetune_network
    >>> from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
    >>> X, y = np.arange(60.0)[:, None], np.arange(60) // 30
    >>> training = LabelledTable(TableEncoder().fit(X).transform(X), y, 2)
    >>> config = FinetuneConfig(max_steps=3, children=2, min_validation_rows=10)
    >>> network, record, _ = finetune_network(
    ...     TabularTransformer(NetworkConfig()), training, config,
    ...     max_context_rows=100, time_limit=None, seed=0)
    >>> record.n_steps, record.n_children
    (6, 2)
    """
    start = time.monotonic()
    if (training.labels == training.labels[0]).all():
        return network, FinetuneRecord("base", "all rows have the same target"), None
    if config.auto and len(training.own) < FEWEST_ROWS:
        reason = f"fewer than {FEWEST_ROWS} rows can't tell a gain from chance"
        return network, FinetuneRecord("base", reason), None
    parts = _parts(training, config, np.random.default_rng(seed))
    fewest = min(len(part) for part in parts)
    if fewest < config.min_validation_rows:
        reason = (
            f"of {len(training.own)} rows, {fewest} can be held out for validation; "
            f"fine-tuning takes {config.min_validation_rows}"
        )
        return network, FinetuneRecord("base", reason), None
    run = _Run(network, training, config, max_context_rows, seed, kinds)
    with progress_bar("fine-tuning", config.children * config.max_steps, verbose) as advance:

        def report(child: Child) -> None:
            if child.outcome.curve[-1][0] == child.outcome.n_steps:
                tell(len(run.outcomes), child.outcome.curve)
            first, best = child.outcome.curve[0][1], child.outcome.best_loss
            advance(1, f"fine-tuning: held-out loss {first:.4f} → {best:.4f}")

        n_children = config.children
        for place, part in enumerate(parts):
            if place >= n_children:
                break
            limit = np.inf
            if time_limit is not None:
                limit = start + time_limit * (place + 1) / n_children
            child = run.child(place, part)
            if config.auto and time_limit is not None and place == 0:
                n_children = _affordable(child, config, start, time_limit)
                if not n_children:
                    reason = "the time limit is too short for one child"
                    seconds = time.monotonic() - start
                    return network, FinetuneRecord("base", reason, seconds=seconds), None
                limit = start + time_limit / n_children
            run.tune(child, limit, report)
            if config.auto and place == 0 and n_children > 1 and run.probability < _HOPELESS:
                break
    tuned, record = run.outcome(time.monotonic() - start)
    if tuned is network:
        return network, record, None
    return tuned, record, Untaught(run.network_of(0), parts[0])


@dataclass(eq=False)
class _Run:
    """The children tuned so far."""

    network: TabularTransformer
    training: LabelledTable
    config: FinetuneConfig
    max_context_rows: int
    seed: int
    kinds: Sequence[ViewKind]

    def __post_init__(self) -> None:
        self.outcomes: list[Outcome] = []
        self._weights: list[dict[str, Tensor]] = []
        self._losses: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
        self._row_weights: list[NDArray[np.float64]] = []
        folder = self.config.folder
        self._folder = None if folder is None else Path(folder)
        self._digest = ""
        if folder is not None:
            self._digest = digest_of(self.network, self.training, self.config, self.seed)

    def child(self, place: int, part: NDArray[np.int64]) -> Child:
        """Return the child that holds out a part of the rows."""
        training, network = self.training, self.network
        seed = [self.seed, place]
        rng = np.random.default_rng(seed)
        fit_rows = training.others_than(part)
        asked = stratified_rows(training.strata[part], _MOST_HELD_OUT, rng, every_class=False)
        part = rng.permutation(part[asked])
        ensemble = build_ensemble(
            training.take(fit_rows),
            network.config,
            VALIDATION_MEMBERS,
            self.max_context_rows,
            rng,
            self.kinds,
            device=device_of(network),
        )
        held_out = HeldOut(ensemble, training.take(part[::2]), training.take(part[1::2]))
        config = self.config
        episodes = Episodes(
            ensemble.training, network.config.max_classes, config.episode_rows, self.kinds
        )
        path = None if self._folder is None else self._folder / f"child-{place}.safetensors"
        return Child(network, config, episodes, held_out, seed, path, self._digest)

    def tune(self, child: Child, deadline: float, report: Callable[[Child], object]) -> None:
        """Tune a child, and judge it."""
        self.outcomes.append(child.run(deadline, report))
        judged = child.held_out.judging
        self._losses.append(
            (
                child.held_out.judge_losses(self.network),
                child.held_out.judge_losses(child.best_network()),
            )
        )
        weights = judged.weights
        self._row_weights.append(np.ones(judged.n_rows) if weights is None else weights)
        self._weights.append(child.outcome.best)

    @property
    def probability(self) -> float:
        """Share of the resamples in which the children are better."""
        return self._decision().probability

    def outcome(self, seconds: float) -> tuple[TabularTransformer, FinetuneRecord]:
        """Return the weights to keep, and what was done."""
        found, outcomes = self._decision(), self.outcomes
        better = found.probability >= self.config.least_probability and found.gain > 0
        share = (
            f"better in {found.probability:.0%} of the resamples of {self._n_rows} held-out rows"
        )
        record = FinetuneRecord(
            "tuned" if better else "base",
            f"the tuned weights are {share}",
            outcomes[-1].stopped,
            found.base_loss,
            found.tuned_loss,
            found.gain,
            found.low,
            found.high,
            found.probability,
            self._n_rows,
            _mean_curve(outcomes),
            len(outcomes),
            sum(outcome.n_steps for outcome in outcomes),
            seconds,
        )
        return (self.network_of(*range(len(outcomes))) if better else self.network), record

    @property
    def _n_rows(self) -> int:
        return sum(map(len, self._row_weights))

    def _decision(self) -> Decision:
        base, tuned = (np.concatenate(losses) for losses in zip(*self._losses, strict=True))
        return decide(base, tuned, np.concatenate(self._row_weights), self.seed)

    def network_of(self, *places: int) -> TabularTransformer:
        """Return the network with the mean of some children's weights, frozen."""
        mean = copy.deepcopy(self.network)
        weights = {
            name: torch.stack([self._weights[place][name] for place in places]).mean(0)
            for name in self._weights[0]
        }
        mean.load_state_dict(weights, strict=False)
        return mean.eval().requires_grad_(False)


def _parts(
    training: LabelledTable, config: FinetuneConfig, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Return the rows that each child holds out: different ones, none of them related ones.

    Every class has others. Copies of a row are held out together.
    """
    strata, own = training.strata, training.own
    part = training.deal_folds(strata, round(1 / config.validation_share), rng)
    parts = []
    for place in range(config.children):
        held_out = own[part[own] == place]
        parts.append(held_out[np.isin(strata[held_out], strata[part != place])])
    return parts


def _affordable(child: Child, config: FinetuneConfig, start: float, time_limit: float) -> int:
    """Return how many children there is time for, by the first steps of the first one."""
    if child.outcome.curve:  # it was begun before
        return config.children
    begin = time.monotonic()
    child.begin()
    checked = time.monotonic()
    n_steps = min(_STEPS_TIMED, config.max_steps)
    for _ in range(n_steps):
        child.advance()
    step = (time.monotonic() - checked) / n_steps
    n_checks = 3 + config.max_steps // config.check_every
    seconds = config.max_steps * step + n_checks * (checked - begin)
    left = time_limit - (begin - start)
    return int(np.clip(left / max(seconds, 1e-9), 0, config.children))


def _mean_curve(outcomes: Sequence[Outcome]) -> tuple[tuple[int, float], ...]:
    """Return the mean of the children's curves, where all have come."""
    curves = [dict(outcome.curve) for outcome in outcomes]
    steps = sorted(set(curves[0]).intersection(*curves[1:]))
    return tuple((step, float(np.mean([curve[step] for curve in curves]))) for step in steps)
