"""What continued pretraining brought, on tables held out and on others, and whether to use it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tabtransfer.gains import Gain, summarise_gains
from tabtransfer.number_text import minus

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ContinuedPretraining"]

_TIE = 0.002  # of the loss of guessing
_ENOUGH = 5  # tables, for an interval to decide by
_KINDS = {"classes": "classification", "numbers": "regression"}


@dataclass(frozen=True, eq=False)
class ContinuedPretraining:
    """Weights that were trained on further on own tables, and what that brought.

    Parameters
    ----------
    checkpoint : Path
        The weights, for ``TabTransferClassifier(checkpoint=…)``.
    held_out : pandas.DataFrame
        Losses of tables of the folder that weren't trained on: ``table``, ``target``, ``task``,
        ``before`` and ``after``. Guessing is 1, the best is 0.
    others : pandas.DataFrame
        The same of other tables, to see what was forgotten.
    n_trained : int
        Tables trained on.
    refused : dict of str to str
        Files that weren't, with the reason.
    """

    checkpoint: Path
    held_out: pd.DataFrame
    others: pd.DataFrame
    n_trained: int
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def held_out_gain(self) -> Gain | None:
        """How much the loss of the held-out tables fell; None where there is none."""
        return _gain(self.held_out)

    @property
    def others_gain(self) -> Gain | None:
        """How much the loss of the other tables fell; None where there is none."""
        return _gain(self.others)

    @property
    def is_better(self) -> bool:
        """Whether the weights are shown to be better on tables like those trained on."""
        gain = self.held_out_gain
        return gain is not None and gain.n_tables >= _ENOUGH and gain.low > 0.0

    @property
    def verdict(self) -> str:
        """Whether to use the weights, in a sentence."""
        gain, others = self.held_out_gain, self.others_gain
        if gain is None:
            return "No held-out table could be measured: keep the weights that you started from."
        if gain.n_tables < _ENOUGH:
            return (
                f"{gain.n_tables} held-out table{'s' if gain.n_tables > 1 else ''} can't tell "
                "whether these weights are better: keep those that you started from, or compare "
                "both on more tables."
            )
        if not self.is_better:
            return (
                "Keep the weights that you started from: on tables held out, training isn't shown "
                "to have helped."
            )
        worse = [kind for kind, task in _KINDS.items() if self._is_worse(task)]
        if len(worse) == 1:
            better = next(kind for kind in _KINDS if kind not in worse)
            return (
                f"Use these weights to predict {better} of tables like those that they were "
                f"trained on, and the ones that you started from for {worse[0]}, which these "
                "predict worse."
            )
        if others is not None and others.high < 0.0:
            return (
                "Use these weights for tables like those that they were trained on, and the ones "
                "that you started from for others, on which these are worse."
            )
        return "Use these weights for tables like those that they were trained on."

    def _is_worse(self, task: str) -> bool:
        gain = _gain(self.held_out[self.held_out["task"] == task])
        return gain is not None and gain.n_tables >= _ENOUGH and gain.high < 0.0

    def to_markdown(self) -> str:
        """Return the report as Markdown."""
        lines = [
            "# Continued pretraining",
            "",
            f"**{self.verdict}**",
            "",
            f"Trained on {self.n_trained} tables. Loss over that of guessing (1), before and "
            "after; intervals are 95 % over tables.",
            "",
            "| tables | number | before | after | fell by | interval | won / tied / lost |",
            "|---|---:|---:|---:|---:|---:|---:|",
            *_summaries("held out", self.held_out),
            *_summaries("others", self.others),
            "",
            "## Held-out tables",
            "",
            *_rows(self.held_out),
            "",
            "## Other tables",
            "",
            *_rows(self.others),
        ]
        if self.refused:
            lines += ["", "## Files not trained on", ""]
            lines += [f"- `{name}`: {reason}" for name, reason in self.refused.items()]
        return "\n".join([*lines, ""])


def _gain(losses: pd.DataFrame) -> Gain | None:
    if not len(losses):
        return None
    means = losses.groupby("table", sort=False)[["before", "after"]].mean()
    gains = (means["before"] - means["after"]).to_numpy(dtype=np.float64)
    return summarise_gains(gains, np.abs(gains) <= _TIE)


def _summaries(name: str, losses: pd.DataFrame) -> list[str]:
    """Return a line of all tables, and where some targets are classes and some numbers, of each."""
    found = [_summary(name, losses)]
    if losses["task"].nunique() > 1:
        for kind, task in _KINDS.items():
            found.append(_summary(f"{name}: {kind}", losses[losses["task"] == task]))
    return found


def _summary(name: str, losses: pd.DataFrame) -> str:
    gain = _gain(losses)
    if gain is None:
        return f"| {name} | 0 | – | – | – | – | – |"
    means = losses.groupby("table")[["before", "after"]].mean().mean()
    between = "–" if np.isnan(gain.low) else minus(f"{gain.low:+.4f} to {gain.high:+.4f}")
    cells = [
        *(f"{means[column]:.4f}" for column in ("before", "after")),
        minus(f"{gain.mean:+.4f}"),
        between,
        f"{gain.wins} / {gain.ties} / {gain.losses}",
    ]
    return f"| {name} | {gain.n_tables} | {' | '.join(cells)} |"


def _rows(losses: pd.DataFrame) -> list[str]:
    if not len(losses):
        return ["None could be measured."]
    return [
        "| table | target | before | after |",
        "|---|---|---:|---:|",
        *(
            f"| {row.table} | {row.target} | {row.before:.4f} | {row.after:.4f} |"
            for row in losses.itertuples()
        ),
    ]
