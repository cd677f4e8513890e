"""Sentences on a curve of gains."""

from __future__ import annotations

import math

from tabtransfer.bench.analysis.statistics import MIN_TABLES
from tabtransfer.bench.analysis.transfer_gain import Crossing, GainCurve
from tabtransfer.bench.analysis.verdict import describe_interval, signed
from tabtransfer.bench.protocol import FINETUNED, PRETRAINED, SCRATCH, STACK, SYNTHETIC

TABLES = {"classification": "tables of classes", "regression": "tables of numbers"}
SCORES = {"classification": "ROC AUC", "regression": "1 − RMSE / baseline"}
_DEEDS = {
    PRETRAINED: "pretraining",
    FINETUNED: "pretraining with fine-tuning",
    SYNTHETIC: "pretraining on synthetic tables alone",
    SCRATCH: "the network without pretraining",
}
_BASES = {
    SCRATCH: "the same network trained from scratch",
    SYNTHETIC: "pretraining on synthetic tables alone",
    STACK: "a stack of the same inputs",
}


def describe_curve(curve: GainCurve) -> str:
    """Return sentences on up to how many training rows one method is better than another.

    Parameters
    ----------
    curve : GainCurve
        The gain at each size.

    Returns
    -------
    str
        Sentences with the crossing, its interval, and what speaks against relying on them.
    """
    sizes, crossing = list(curve.points), curve.crossing
    deed = _DEEDS[curve.method] + (" on real tables too" if curve.base == SYNTHETIC else "")
    subject = f"On {TABLES[curve.task]}, {deed}"
    base = _BASES.get(curve.base, curve.base)
    if len(sizes) == 1:
        point = curve.points[sizes[0]]
        told = (
            f"{subject} gains {signed(point.mean)} in {SCORES[curve.task]} over {base} at "
            f"{_rows(sizes[0])}, the one size measured ({describe_interval(point)})."
        )
        return told + _caution(curve)
    span = f"{sizes[0]:,} to {_rows(sizes[-1])}"
    if math.isinf(crossing.size) and crossing.starts_above:
        told = f"{subject} pays on average against {base} at every size measured, {span}"
    elif math.isinf(crossing.size):
        told = f"{subject} pays on average against {base} at no size measured, {span}"
    elif crossing.starts_above:
        told = f"{subject} pays on average up to about {_rows(crossing.size)} against {base}"
    else:
        told = f"{subject} pays on average only from about {_rows(crossing.size)} on against {base}"
    told += f" ({_describe_interval(crossing, sizes)})."
    if crossing.n_changes > 1:
        told += f" The mean gain changes its sign {crossing.n_changes} times: see the curve."
    return told + _undecided(curve) + _caution(curve)


def _describe_interval(crossing: Crossing, sizes: list[int]) -> str:
    """Return the interval of the size at which a gain ends, or begins, as text."""
    if math.isnan(crossing.low):
        return "no interval from one table"
    if math.isinf(crossing.low):
        return "so too in 95 % of resamples"

    def place(size: float) -> str:
        if math.isinf(size):
            return f"none up to {sizes[-1]:,}"
        return f"{float(f'{size:.3g}'):,.0f}" if size else f"below {sizes[0]:,}"

    told = f"95 % interval {place(crossing.low)} to {place(crossing.high)}"
    if math.isinf(crossing.size):
        told = f"the crossing's {told}"
    return told + ("; even the sign is open" if crossing.low == 0 else "")


def _undecided(curve: GainCurve) -> str:
    """Return a sentence on the sizes at which the gain may as well be a loss."""
    undecided = [f"{size:,}" for size, p in curve.points.items() if p.low <= 0.0 <= p.high]
    if not undecided:
        return ""
    listed = " and ".join(filter(None, [", ".join(undecided[:-1]), undecided[-1]]))
    return f" At {listed} rows the interval of the mean gain holds 0."


def _rows(size: float) -> str:
    return f"{float(f'{size:.2g}'):,.0f} rows" if isinstance(size, float) else f"{size:,} rows"


def _caution(curve: GainCurve) -> str:
    few = [size for size, point in curve.points.items() if point.n_tables < MIN_TABLES]
    if not few:
        return ""
    if few[0] == next(iter(curve.points)):
        return f" Fewer than {MIN_TABLES} tables decide nothing."
    return f" From {_rows(few[0])} on, fewer than {MIN_TABLES} tables have the rows."
