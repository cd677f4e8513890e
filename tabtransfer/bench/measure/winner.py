"""Fit the method that a comparison recommends to all rows, and save it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabtransfer.baselines.registry import get_method
from tabtransfer.bench.protocol import FINETUNED, PRETRAINED, REFERENCE
from tabtransfer.preprocessing.columns.reading import holds_made_numbers, holds_text

if TYPE_CHECKING:
    import pandas as pd

    from tabtransfer.bench.analysis.comparison import Comparison
    from tabtransfer.table_files.training_table import TrainingTable

OWN = (PRETRAINED, FINETUNED)
CATBOOST = (REFERENCE, f"{REFERENCE}-tuned")
SAVABLE = (*OWN, *CATBOOST)
"""Methods whose models can be written without code in the file."""
METADATA_KEY = "tabtransfer"
"""Key of CatBoost's metadata that says how rows are given to a saved model."""


def best_savable(comparison: Comparison, X: pd.DataFrame) -> str | None:
    """Return the recommended method, or else the best of those that can be saved.

    CatBoost's format can't store how dates, durations, written numbers and texts become numbers.
    """
    made = any(holds_made_numbers(X[name]) or holds_text(X[name]) for name in X.columns)
    savable = OWN if made else SAVABLE
    if comparison.choice in savable:
        return comparison.choice
    names = [one.method for one in comparison.entrants if one.method in savable]
    return names[0] if names else None


def fit_and_save(
    name: str,
    rows: TrainingTable,
    path: Path,
    seed: int = 0,
    n_threads: int = 1,
    device: str = "auto",
) -> None:
    """Fit a method to all rows and write the model.

    Parameters
    ----------
    name : str
        One of `SAVABLE`.
    rows : TrainingTable
        The rows.
    path : Path
        File to write. A network of ours is written as `tabtransfer.load` reads it; CatBoost in its
        own format (cbm), with a record under the key ``"tabtransfer"`` of its metadata: the
        columns, which of them are given as text, what stands for missing text, and the classes
        that its class numbers stand for.
    seed, n_threads : int
        Seed and threads.
    device : str, default="auto"
        Where a network computes.
    """
    task = rows.task if rows.task == "regression" else "multiclass"
    model = get_method(name).make_for(task, seed, n_threads, device).fit(rows.X, rows.y)
    path.parent.mkdir(parents=True, exist_ok=True)
    if name in OWN:
        model.save(path)
    else:
        _save_catboost(getattr(model, "best_estimator_", model), path)


def _save_catboost(model: Any, path: Path) -> None:
    from tabtransfer.baselines.columns import MISSING
    from tabtransfer.files import replacing

    record = {
        "columns": [str(name) for name in model.columns_.feature_names_in_],
        "categorical": [str(name) for name in model.columns_.categorical_],
        "missing": MISSING,
        "classes": model.classes_.tolist() if hasattr(model, "classes_") else None,
    }
    model.model_.get_metadata()[METADATA_KEY] = json.dumps(record)
    with replacing(path) as partial:
        model.model_.save_model(str(partial), format="cbm")
