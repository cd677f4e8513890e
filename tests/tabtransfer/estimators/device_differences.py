"""How far answers on a device are from those on the CPU: a script of `test_device`.

``python device_differences.py DEVICE CHECKPOINT`` prints, as JSON, the largest difference for each
thing that estimators do.
"""

from __future__ import annotations

import json
import pickle
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import torch

from tabtransfer import TabTransferClassifier, TabTransferRegressor, load
from tabtransfer.errors import TabTransferError
from tabtransfer.finetune.config import FinetuneConfig

DEVICE, CHECKPOINT = sys.argv[1:]


class QuickClassifier(TabTransferClassifier):
    _finetune_config = FinetuneConfig(
        children=1, max_steps=2, min_validation_rows=10, check_every=2
    )


def table(n_rows: int = 60, n_columns: int = 4) -> tuple[pd.DataFrame, np.ndarray]:
    """Numbers with holes, a category, and a target of as many values as are asked for."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(n_rows, n_columns))).rename(columns=str)
    frame["kind"] = rng.choice(["a", "b", None], n_rows)
    frame.iloc[::7, 1] = np.nan
    return frame, frame["0"].to_numpy()


def options(device: str, **more: Any) -> dict[str, Any]:
    made = {"checkpoint": CHECKPOINT, "trees": False, "random_state": 0, "n_threads": 1}
    return {"n_estimators": 2, "device": device, **made, **more}


def classes(device: str) -> Any:
    X, number = table()
    weights = np.where(number > 0.5, 2.0, 1.0)
    model = TabTransferClassifier(**options(device)).fit(X[:45], number[:45] > 0, weights[:45])
    return model.predict_proba(X)


def classes_in_float32(device: str) -> Any:
    X, number = table(300, 20)
    model = TabTransferClassifier(**options(device)).fit(X[:270], number[:270] > 0)
    return model.predict_proba(X[270:])


def many_classes(device: str) -> Any:
    X, number = table(66)
    y = number.argsort().argsort() % 11
    return TabTransferClassifier(**options(device, n_estimators=1)).fit(X, y).predict_proba(X[:20])


def numbers(device: str) -> Any:
    X, y = table()
    model = TabTransferRegressor(**options(device, trees=True)).fit(X[:45], y[:45])
    return model.predict(X, output="quantiles")


def explained_classes(device: str) -> Any:
    X, number = table()
    model = TabTransferClassifier(**options(device)).fit(X, (number > 0) * 1 + (number > 1))
    return explained(model, X)


def explained_numbers(device: str) -> Any:
    X, y = table()
    return explained(TabTransferRegressor(**options(device)).fit(X, y, np.arange(60) % 3 + 1), X)


def explained(model: Any, X: pd.DataFrame) -> Any:
    found = model.explain(X[:4], n_rows=len(X))
    rows = found.rows.pivot(index="query", columns="row", values="weight")
    return np.concatenate([found.columns.to_numpy(), rows.to_numpy()], 1)


def fine_tuning(device: str) -> Any:
    X, number = table()
    model = QuickClassifier(**options(device, finetune=True)).fit(X, number > 0)
    assert model.finetuning_.n_steps == 2
    weight = next(iter(model.fitted_.network.get().parameters()))
    assert weight.device.type == "cpu", "what is kept is on the CPU"
    return [model.finetuning_.base_loss, model.finetuning_.tuned_loss]


def calibration(device: str) -> Any:
    X, number = table()
    model = TabTransferClassifier(**options(device, calibrate=True)).fit(X, number > 0)
    found = model.calibration_
    return [found.temperature, found.loss_before, found.loss_after]


def kept_and_moved(device: str) -> Any:
    """Predictions by what was loaded, unpickled, and fitted on the CPU; where contexts are."""
    X, number = table()
    model = TabTransferClassifier(**options(device)).fit(X, number > 0)
    fitted, place = model.fitted_, torch.device(model.device_)
    assert device == "cpu" or place.type != "cpu", "the device is not the one that was asked for"
    for index, task in enumerate(fitted.ensemble.tasks()):
        context = fitted.ensemble.context(fitted.placed_network(), index, task)
        assert context.keys[0].keys.device == place, "contexts are where the network computes"
    with tempfile.TemporaryDirectory() as folder:
        model.save(f"{folder}/m.model")
        again = [load(f"{folder}/m.model"), pickle.loads(pickle.dumps(model))]
    assert all(one.device_ == model.device_ for one in again)
    model.set_params(device="cpu")
    assert model.device_ == "cpu", "predictions follow the parameter"
    return [one.predict_proba(X) for one in (*again, model)]


CASES: tuple[Callable[[str], Any], ...] = (
    *(classes, classes_in_float32, many_classes, numbers, explained_classes, explained_numbers),
    *(fine_tuning, calibration, kept_and_moved),
)


def difference(case: Callable[[str], Any]) -> float | str:
    """Return the largest difference, or what went wrong on the device."""
    expected = np.asarray(case("cpu"))
    try:
        found = np.asarray(case(DEVICE))
    except (RuntimeError, TabTransferError, AssertionError, TypeError) as error:
        return f"{type(error).__name__}: {error}"[:300]
    return float(np.abs(found - expected).max())


if __name__ == "__main__":
    print(json.dumps({case.__name__: difference(case) for case in CASES}))
