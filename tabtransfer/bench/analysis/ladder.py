"""The ladder on one table: hand-made features, learned ones, transferred ones, step by step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from tabtransfer.baselines.registry import GROUPS
from tabtransfer.bench.analysis.comparison import Comparison, Entrant
from tabtransfer.bench.analysis.paired import ALPHA, holm
from tabtransfer.bench.analysis.resampled import (
    SplitMean,
    corrected_mean,
    split_errors,
    tidy_mean,
)
from tabtransfer.bench.analysis.statistics import drop_cut_splits
from tabtransfer.bench.results import OK, without_plain_folds
from tabtransfer.number_text import interval, significant

_WHAT = (
    "a linear model on columns as they are",
    "the same on hand-made features",
    "boosted trees",
    "the network, trained on this table alone",
    "the network, pretrained, in context",
    "the same, reading trees as well",
    "the same, fine-tuned",
)
WHAT = dict(zip(GROUPS["ladder"], _WHAT, strict=True))
"""What each method of the group ``ladder`` is, from the lowest rung up."""
LADDER = tuple(WHAT)


@dataclass(frozen=True)
class Rung:
    """A method of the ladder, and what it adds to the one below.

    Parameters
    ----------
    entrant : Entrant
        The method with its error and seconds.
    below : str or None
        Method of the rung below; None for the lowest.
    step : SplitMean or None
        Its error less that of the rung below, on the same splits: below 0 is a gain.
    p : float
        p-value that the two are equal, corrected by Holm's method for the number of steps; NaN for
        the lowest, or for one split.
    """

    entrant: Entrant
    below: str | None
    step: SplitMean | None
    p: float


@dataclass(frozen=True)
class Ladder:
    """The rungs that finished, from the lowest up.

    Parameters
    ----------
    error_name : str
        What is compared, as in `Comparison`.
    rungs : tuple of Rung
        At least two.
    sentences : tuple of str
        What they say.
    """

    error_name: str
    rungs: tuple[Rung, ...]
    sentences: tuple[str, ...]


def find_ladder(results: pd.DataFrame, comparison: Comparison) -> Ladder | None:
    """Compare each rung of the ladder with the one below it.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table, of one table.
    comparison : Comparison
        What they say of the methods.

    Returns
    -------
    Ladder or None
        None unless every rung was to be measured, and two finished. A step over a rung that didn't
        finish is compared with the rung below that one.
    """
    results = without_plain_folds(results)
    by_name = {one.method: one for one in comparison.entrants}
    finished = [by_name[name] for name in LADDER if name in by_name]
    if not set(LADDER) <= set(results["method"]) or len(finished) < 2:
        return None
    kept, errors = drop_cut_splits(results), split_errors(results)
    jobs = kept[kept["status"] == OK]
    rows = jobs["n_train"].mean(), jobs["n_test"].mean()
    steps = [
        tidy_mean(corrected_mean(errors[rung.method] - errors[below.method], *rows), errors)
        for below, rung in pairwise(finished)
    ]
    known = len(errors) > 1
    corrected = holm([step.p for step in steps]) if known else [math.nan] * len(steps)
    rungs = [Rung(finished[0], None, None, math.nan)]
    rungs += [
        Rung(rung, below.method, step, p)
        for (below, rung), step, p in zip(pairwise(finished), steps, corrected, strict=True)
    ]
    return Ladder(comparison.error_name, tuple(rungs), _tell(comparison.error_name, rungs))


def _tell(name: str, rungs: list[Rung]) -> tuple[str, ...]:
    first = rungs[0].entrant
    best = min((rung.entrant for rung in rungs), key=lambda one: one.error.mean)
    if best is first:
        sentences = [f"No rung of the ladder has a lower {name} than the lowest, {first.method}."]
    else:
        share = 100 * (1 - best.error.mean / first.error.mean)
        sentences = [
            f"The ladder lowers the {name} from {significant(first.error.mean)} ({first.method}) "
            f"to {significant(best.error.mean)} ({best.method}), by {share:.1f} %."
        ]
    if first.error.n_splits < 2:
        return (*sentences, "One split tells no step from chance: give it more time.")
    clear = [
        f"{rung.entrant.method} {significant(rung.step.mean, 2)} "
        f"({interval(rung.step.low, rung.step.high, 2)})"
        for rung in rungs
        if rung.step is not None and rung.p < ALPHA
    ]
    if clear:
        sentences.append(f"Steps beyond chance: {'; '.join(clear)}.")
    unclear = [rung.entrant.method for rung in rungs[1:] if not rung.p < ALPHA]
    if unclear:
        sentences.append(f"What may be chance on these splits: {', '.join(unclear)}.")
    return tuple(sentences)
