"""The curve of fine-tuning as text for a terminal, and as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tabtransfer.files import replacing
from tabtransfer.finetune.config import FinetuneRecord
from tabtransfer.finetune.watch import Curve
from tabtransfer.plain_style import plain_style

__all__ = ["curve_text", "draw_curve"]

_HEIGHT, _WIDTH = 8, 48


def curve_text(curves: Sequence[Curve], n_steps: int) -> str:
    """Return curves as lines of text, each child's points by its number.

    Parameters
    ----------
    curves : sequence of sequence of (int, float)
        Of each child its steps and held-out losses.
    n_steps : int
        Steps of a child, at most.

    Examples
    --------
    >>> from tabtransfer.finetune.picture import curve_text
    >>> print(curve_text([[(0, 0.5), (10, 0.4), (20, 0.3)]], 20).splitlines()[0].rstrip())
    0.5000 │1
    """
    losses = [loss for curve in curves for _, loss in curve]
    if not losses:
        return ""
    low, high = min(losses), max(losses)
    n_steps = max(n_steps, *(step for curve in curves for step, _ in curve))  # a search's
    cells = [[" "] * (_WIDTH + 1) for _ in range(_HEIGHT)]
    for number, curve in enumerate(curves, 1):
        for step, loss in curve:
            row = round((high - loss) / (high - low) * (_HEIGHT - 1)) if high > low else 0
            cells[row][round(step / max(n_steps, 1) * _WIDTH)] = str(number % 10)
    names = [f"{high:.4f}", *[""] * (_HEIGHT - 2), f"{low:.4f}"]
    width = max(map(len, names))
    lines = [f"{name:>{width}} │{''.join(row)}" for name, row in zip(names, cells, strict=True)]
    return "\n".join(
        [*lines, f"{'':>{width}} └{'─' * _WIDTH}", f"{'':>{width}}  step 0 to {n_steps}"]
    )


def draw_curve(curves: Sequence[Curve], record: FinetuneRecord, path: Path) -> None:
    """Draw the children's curves, with the gain and its interval, to a file.

    Parameters
    ----------
    curves : sequence of sequence of (int, float)
        Of each child its steps and held-out losses.
    record : FinetuneRecord
        What fine-tuning did.
    path : Path
        A file of PNG.
    """
    with plain_style():
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
        for number, curve in enumerate(curves, 1):
            steps, losses = zip(*curve, strict=True)
            axes.plot(steps, losses, marker="o", markersize=3, label=f"child {number}")
        axes.set_xlabel("step")
        axes.set_ylabel("loss of held-out rows")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        if record.gain is not None:
            axes.set_title(
                f"loss {record.base_loss:.4f} → {record.tuned_loss:.4f}: fell by "
                f"{record.gain:.4f} ({record.gain_low:.4f} to {record.gain_high:.4f}); "
                f"{record.chosen} weights kept",
                fontsize="medium",
            )
        with replacing(path) as partial:
            figure.savefig(partial, format="png", dpi=150)
        plt.close(figure)
