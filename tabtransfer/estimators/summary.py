"""What a fitted estimator shows of itself in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from tabtransfer.device import describe_device, find_device
from tabtransfer.errors import TabTransferError
from tabtransfer.learners import FittedLearners

__all__ = ["fit_html", "fit_lines"]


def fit_lines(model: Any) -> Iterator[tuple[str, str]]:
    """Yield what was fitted, as names and values for a reader.

    Parameters
    ----------
    model : TabTransferClassifier or TabTransferRegressor
        A fitted model with its training rows.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from tabtransfer import TabTransferClassifier
    >>> from tabtransfer.estimators.summary import fit_lines
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = TabTransferClassifier(trees=False, random_state=0, device="cpu").fit(X, y)
    >>> dict(fit_lines(model))["Training rows"]
    '150 of 4 columns, all read by every member'
    """
    n_rows, n_columns = model.fitted_.rows.X.shape
    read = "all read by every member"
    if model.n_context_rows_ < n_rows:
        read = f"of which a member reads {model.n_context_rows_:,} ({model.context_strategy_})"
    yield "Training rows", f"{n_rows:,} of {n_columns:,} columns, {read}"
    if hasattr(model, "classes_"):
        yield "Classes", f"{len(model.classes_):,}"
    n_clusters = len(model.ensemble_.clusters.centres)
    by_clusters = f", half of them by {n_clusters} clusters of rows" if n_clusters > 1 else ""
    yield "Members", f"{model.n_estimators_:,}{by_clusters}"
    yield "Learners", _learners(model.learners_)
    if model.fitted_.blend is not None:
        yield "Share of the network in predictions", f"{model.fitted_.blend.shares[0]:.0%}"
    if hasattr(model, "finetuning_"):
        yield "Fine-tuning", f"{model.finetuning_.chosen} weights: {model.finetuning_.reason}"
    if hasattr(model, "calibration_"):
        yield "Temperature", f"{model.calibration_.temperature:.3g}"
    try:
        yield "Device", describe_device(find_device(model.device))
    except TabTransferError:  # set since `fit`
        yield "Device", repr(model.device)
    if hasattr(model, "fit_seconds_"):
        yield "Time of fit", f"{model.fit_seconds_:.1f} s"


def fit_html(model: Any) -> str:
    """Return what was fitted, and the notes on columns, as HTML."""
    lines = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in fit_lines(model)
    )
    notes = [escape(str(note)) for note in model.column_notes_]
    columns = "".join(f"<li>{note}</li>" for note in notes) or "<li>Nothing unusual.</li>"
    return (
        f"<table>{lines}</table><details><summary>Columns ({len(notes)} notes)</summary>"
        f"<ul>{columns}</ul></details>"
    )


def _learners(learners: FittedLearners | None) -> str:
    """Return what was fitted beside the network, with the number of fits."""
    fits = () if learners is None else [fits for fits in learners.fits if fits]
    counts: dict[str, int] = {}
    for own in fits:
        name = type(own[0]).__name__.removeprefix("Fitted").lower()
        counts[name] = counts.get(name, 0) + len(own)
    return ", ".join(f"{name} × {n}" for name, n in counts.items()) or "none"
