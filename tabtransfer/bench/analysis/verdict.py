"""Judge the claim that transfer learning isn't (yet) successful on tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from tabtransfer.bench.analysis.families import average_families
from tabtransfer.bench.analysis.scores import ScoreKind, by_kind
from tabtransfer.bench.analysis.statistics import MIN_TABLES, table_scores
from tabtransfer.bench.protocol import PRETRAINED, REFERENCE, SCRATCH, STACK
from tabtransfer.gains import Gain, gain
from tabtransfer.number_text import minus

CLAIM = "transfer learning is very successful for vision and language, not (yet) for tabular data"
Decision = Literal["supported", "contradicted", "undecided"]


@dataclass(frozen=True)
class KindVerdict:
    """The results on tables of one kind as evidence for or against the claim.

    Parameters
    ----------
    kind : ScoreKind
        Tables of classes or of numbers.
    state : {"supported", "contradicted", "undecided"}
        Contradicted: the pretrained network is above the reference, above the same network
        without pretraining, and above a stack of the same inputs where that was measured, all
        intervals over 0. Supported: one of the intervals lies under 0. Undecided: anything else,
        too few tables included.
    over_reference, over_scratch, over_stack : Gain or None
        The comparisons; None where no table has both scores.
    sentences : tuple of str
        Over the reference, and what pretraining adds, with the intervals: two, or three where the
        stack was measured.
    """

    kind: ScoreKind
    state: Decision
    over_reference: Gain | None
    over_scratch: Gain | None
    over_stack: Gain | None
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """The results as evidence for or against the claim.

    Parameters
    ----------
    state : {"supported", "contradicted", "undecided"}
        That of the kinds of tables with enough tables, where they agree; else undecided.
    sentences : tuple of str
        Sentences for a reader: those of each kind of table.
    kinds : tuple of KindVerdict
        Tables of classes first.
    """

    state: Decision
    sentences: tuple[str, ...]
    kinds: tuple[KindVerdict, ...]


def judge(results: pd.DataFrame) -> Verdict:
    """Judge the claim by a results table.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    Verdict
        The verdict, with the comparisons that it rests on. Tables of one family count once.
    """
    kinds = tuple(_judge_kind(kind, part) for kind, part in by_kind(results).items())
    enough = [one for one in kinds if _n_least(one) >= MIN_TABLES] or kinds
    states = {one.state for one in enough}
    state: Decision = states.pop() if len(states) == 1 else "undecided"
    first, *rest = (sentence for one in kinds for sentence in one.sentences)
    first = f"“{CLAIM[0].upper()}{CLAIM[1:]}” is {state} here: {first}"
    rest = [sentence[0].upper() + sentence[1:] for sentence in rest]
    if len({one.state for one in enough}) > 1:
        listed = ", ".join(f"on tables of {one.kind.tables} {one.state}" for one in enough)
        rest.append(f"By kind of table the claim is {listed}.")
    return Verdict(state, (first, *rest), kinds)


def _judge_kind(kind: ScoreKind, part: pd.DataFrame) -> KindVerdict:
    scores = average_families(table_scores(part, "score"), part)
    over_reference = gain(scores, PRETRAINED, REFERENCE)
    over_scratch = gain(scores, PRETRAINED, SCRATCH)
    over_stack = gain(scores, PRETRAINED, STACK)
    told = [_against_scratch(over_scratch)]
    if over_stack is not None:
        told = [told[0] + ".", _against_stack(over_stack)]
    needed = over_reference, over_scratch, *([over_stack] if over_stack is not None else [])
    state = _decide([_sign(value) for value in needed])
    told[-1] += _conclusion(state, over_reference, over_scratch, over_stack)
    first = _against_reference(kind, over_reference, part)
    return KindVerdict(kind, state, over_reference, over_scratch, over_stack, (first, *told))


def _n_least(one: KindVerdict) -> int:
    """Return the number of tables of the comparison that has fewest."""
    needed = one.over_reference, one.over_scratch
    return min(0 if value is None else value.n_tables for value in needed)


def _sign(value: Gain | None) -> int | None:
    """1 or -1 where the interval is clear of 0, 0 where it isn't, None for too few tables."""
    if value is None or value.n_tables < MIN_TABLES:
        return None
    return (value.low > 0) - (value.high < 0)


def _decide(signs: list[int | None]) -> Decision:
    if None in signs:
        return "undecided"
    if -1 in signs:
        return "supported"
    return "undecided" if 0 in signs else "contradicted"


def _against_reference(kind: ScoreKind, value: Gain | None, part: pd.DataFrame) -> str:
    if value is None:
        return f"no table of {kind.tables} has scores of both {PRETRAINED} and {REFERENCE}."
    return (
        f"over {_tables(value)} of {kind.tables}{_why_fewer(value, part)} the mean {kind.score} of "
        f"the pretrained network ({PRETRAINED}) is "
        f"{_distance(value)} that of {REFERENCE} ({describe_interval(value)}; {_record(value)})."
    )


def _why_fewer(value: Gain, part: pd.DataFrame) -> str:
    """Return why a comparison is over fewer tables than there are."""
    n_tables, n_families = part["table"].nunique(), part["family"].nunique()
    if value.n_tables == n_tables:
        return ""
    reasons = []
    if n_families < n_tables:
        reasons.append("families count once")
    if value.n_tables < n_families:
        missing = n_families - value.n_tables
        verb = "lacks" if missing == 1 else "lack"
        reasons.append(f"{missing} {verb} a score of one of the two")
    return f" (of {n_tables}: {', '.join(reasons)})"


def _against_scratch(value: Gain | None) -> str:
    if value is None:
        return f"What pretraining adds can't be said, as no table has scores of {SCRATCH} too"
    return (
        f"Pretraining puts it {_distance(value)} the same network trained on each table alone "
        f"({describe_interval(value)}; {_record(value)})"
    )


def _against_stack(value: Gain) -> str:
    return (
        f"What pretraining adds beyond a stack of the same inputs: {signed(value.mean)} "
        f"({describe_interval(value)}; {_record(value)})"
    )


def _conclusion(
    state: Decision,
    over_reference: Gain | None,
    over_scratch: Gain | None,
    over_stack: Gain | None,
) -> str:
    if over_reference is None or over_scratch is None:
        return ", so nothing is decided."
    transfer = [over_scratch] if over_stack is None else [over_scratch, over_stack]
    if min(value.n_tables for value in (over_reference, *transfer)) < MIN_TABLES:
        return f", but fewer than {MIN_TABLES} tables decide nothing."
    if state == "contradicted":
        return ", so on these tables transfer works and beats the reference."
    helps = all(value.low > 0 for value in transfer)
    if state == "supported":
        if over_scratch.high < 0:
            return ", so on these tables pretraining does harm."
        if over_stack is not None and over_stack.high < 0:
            return ", so on these tables the inputs do better without the network."
        adds = "pretraining helps but" if helps else "what it adds is unclear and"
        return f", so on these tables {adds} the result stays under the reference."
    adds = "transfer works" if helps else "whether transfer works is open"
    beats = "it beats" if over_reference.low > 0 else "it is open whether it beats"
    return f", so on these tables {adds} and {beats} the reference."


def _tables(value: Gain) -> str:
    return "1 table" if value.n_tables == 1 else f"{value.n_tables} tables"


def _distance(value: Gain) -> str:
    return f"{abs(value.mean):.3f} {'above' if value.mean >= 0 else 'below'}"


def _record(value: Gain) -> str:
    return f"{value.wins} won, {value.ties} tied, {value.losses} lost"


def describe_interval(value: Gain) -> str:
    """Write a gain's interval, as ``95 % interval −0.010 to +0.020``."""
    if math.isnan(value.low):
        return "no interval from one table"
    return f"95 % interval {signed(value.low)} to {signed(value.high)}"


def signed(number: float) -> str:
    """Write a difference with its sign and three decimals.

    Examples
    --------
    >>> signed(0.01234), signed(-0.5)
    ('+0.012', '−0.500')
    """
    return minus(f"{number:+.3f}")
