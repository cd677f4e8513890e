"""Fitted models as files without code in them.

A file is a zip archive of

- ``model.json``: which estimator, its parameters, seed, columns and classes, the versions it was
  fitted with, and a sketch of the encoded training rows;
- ``weights.safetensors``: the network. Its checkpoint is copied whole (some MiB), so that the
  file works where the checkpoint isn't or another version of tabtransfer ships other weights;
  where the same checkpoint is at hand, the network of that is shared;
- ``learners.safetensors``: the trees whose predictions the network reads, if there are any;
- ``table.parquet`` and ``target.parquet``: the training rows as they were given.

What the encoder and the ensemble learned is not in it: loading fits them again, from the same
rows with the same seed (fine-tuning is not repeated: its outcome is the network), and checks by
the sketch that they came out the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import pyarrow as pa
import safetensors.torch
from safetensors import SafetensorError

import tabtransfer
from tabtransfer.checkpoint import build_network, fingerprint, load_checkpoint
from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing
from tabtransfer.finetune.loop import FinetuneRecord
from tabtransfer.inference.calibration import Calibration
from tabtransfer.inference.fitted import FittedClassifier, FittedModel, ModelWithoutRows
from tabtransfer.inference.fitting import build_model, prepare_rows
from tabtransfer.inference.kept_network import KeptNetwork
from tabtransfer.inference.resources import Resources
from tabtransfer.inference.settings import FitSettings, Task
from tabtransfer.learners.archive import read_learners, write_learners
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.preprocessing.training_input import read_training
from tabtransfer.saving.sketch import TableSketch
from tabtransfer.saving.tagged_json import from_json, to_json
from tabtransfer.saving.training_rows import TABLE, read_rows, write_rows
from tabtransfer.threads import torch_threads

__all__ = ["ESTIMATORS", "read_model", "save_model"]

FORMAT = 2
_RECORD, _WEIGHTS, _LEARNERS = "model.json", "weights.safetensors", "learners.safetensors"
ESTIMATORS: dict[str, Task] = {
    "TabTransferClassifier": "classification",
    "TabTransferRegressor": "regression",
}
# Of what loading doesn't repeat.
_OUTCOMES = {"finetuning_": FinetuneRecord, "calibration_": Calibration}
_LIBRARIES = (
    *("tabtransfer", "torch", "numpy", "pandas", "scikit-learn"),
    *("catboost", "skrub", "pyarrow"),
)
_networks: WeakValueDictionary[str, TabularTransformer] = WeakValueDictionary()


def save_model(
    model: FittedModel,
    kind: type[Any],
    outcomes: Mapping[str, Any],
    path: str | os.PathLike[str],
    training_rows: bool = True,
) -> None:
    """Write a fitted model, and check that it comes back as it is.

    Parameters
    ----------
    model : FittedModel
        The model.
    kind : type
        The estimator that it belongs to.
    outcomes : mapping
        The estimator's attributes that loading doesn't repeat, by name.
    path : path-like
        Where to write.
    training_rows : bool, default=True
        Whether to write the training rows.

    Raises
    ------
    TabTransferError
        If the estimator isn't one of ours, or rows or settings can't be written.
    """
    if kind.__name__ not in ESTIMATORS:
        raise TabTransferError(
            f"A {kind.__name__} can't be saved, only {' and '.join(ESTIMATORS)}: use joblib.dump."
        )
    weights = model.network.to_bytes()
    record = _describe(model, kind.__name__, hashlib.sha256(weights).hexdigest())
    record["outcomes"] = {name: asdict(value) for name, value in outcomes.items()}
    with replacing(path) as unfinished:
        with zipfile.ZipFile(unfinished, "w") as archive:
            archive.writestr(zipfile.ZipInfo(_RECORD), json.dumps(record, indent=1))
            archive.writestr(zipfile.ZipInfo(_WEIGHTS), weights)
            if model.learners is not None:
                n_columns = model.ensemble.training.table.values.shape[1]
                learners = zipfile.ZipInfo(_LEARNERS)
                learners.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(learners, write_learners(model.learners, n_columns))
            if training_rows:
                write_rows(
                    model.rows,
                    lambda name: archive.open(zipfile.ZipInfo(name), "w", force_zip64=True),
                )
        try:
            read_model(unfinished, {kind.__name__: kind})
        except TabTransferError as error:
            raise TabTransferError(
                f"The model can't be saved so that it comes back as it is: {error} If the table "
                "was changed since fit, fit again; otherwise use joblib.dump."
            ) from error


def read_model(
    path: Path,
    kinds: Mapping[str, type[Any]],
    X: Any = None,
    y: Any = None,
    sample_weight: Any = None,
) -> Any:
    """Read a model as an estimator; see `tabtransfer.load`.

    Parameters
    ----------
    path : Path
        The file.
    kinds : mapping of str to type
        The estimators that it may belong to, by name.
    X, y, sample_weight
        The training rows, of a file saved without them.

    Returns
    -------
    TabTransferClassifier or TabTransferRegressor

    Raises
    ------
    TabTransferError
        If the file can't be read, or the training rows differ from those of fit.
    """
    if (X is None) != (y is None):
        raise TabTransferError("Give the training rows and their targets: load(path, X, y).")
    with _opened(path) as archive:
        record = _read_record(archive, path)
        model = _unfitted(record, kinds, path)
        network = KeptNetwork.of(
            _network(archive, record, model.checkpoint, path), model.checkpoint
        )
        learners = None
        if _LEARNERS in archive.namelist():
            learners = read_learners(archive.read(_LEARNERS))
        if TABLE in archive.namelist():
            if X is not None:
                raise TabTransferError(f"{path} holds the training rows: leave X and y out.")
            rows = read_rows(archive.read)
            X, y, sample_weight = rows.X, rows.labels, rows.weights
            if record["classes"] is not None:
                y = _classes(record)[y]
    outcomes = {
        name: kind(**record["outcomes"][name])
        for name, kind in _OUTCOMES.items()
        if name in record["outcomes"]
    }
    calibration = outcomes.pop("calibration_", None)
    if X is None:
        _show_without_rows(model, record, network, calibration)
    else:
        settings = FitSettings.of(ESTIMATORS[record["estimator"]], model.get_params())
        given = read_training(model, X, y, sample_weight)
        prepared = prepare_rows(*given, settings, record["seed"]).with_learners(learners)
        resources = Resources(model.n_threads, model.memory_limit, model.verbose)
        with torch_threads(model.n_threads):
            fitted = build_model(prepared, network, resources, calibration)
            _check_same(model, fitted, record)
            model.fitted_ = fitted
            model.context_cached_ = fitted.read_contexts(network.get())
    for name, value in outcomes.items():
        setattr(model, name, value)
    return model


def _describe(model: FittedModel, estimator: str, weights: str) -> dict[str, Any]:
    settings = dict(model.settings.parameters)
    settings["verbose"] = False  # who loads it asked for no progress bars
    if isinstance(settings["random_state"], np.random.RandomState):
        settings["random_state"] = model.seed
    if settings["checkpoint"] is not None:
        settings["checkpoint"] = os.fspath(settings["checkpoint"])
    classes = model.classes if isinstance(model, FittedClassifier) else None
    columns = model.rows.X.columns.tolist()
    training = model.ensemble.training
    return {
        "format": FORMAT,
        "versions": _versions(),
        "estimator": estimator,
        "settings": {name: to_json(value) for name, value in settings.items()},
        "seed": model.seed,
        "n_features": len(columns),
        "feature_names": columns if all(isinstance(name, str) for name in columns) else None,
        "classes": None if classes is None else to_json(classes.tolist()),
        "classes_type": None if classes is None else classes.dtype.str,
        "n_context_rows": model.ensemble.n_context_rows,
        "sketch": asdict(TableSketch.of(training.table, training.labels)),
        "network": asdict(model.network.get().config),
        "weights": weights,
    }


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a file; say so if it isn't one of ours, or turns out to be broken."""
    if not path.is_file():
        raise TabTransferError(f"There is no saved model at {path}.")
    try:
        with zipfile.ZipFile(path) as archive:
            if _RECORD not in archive.namelist():
                raise TabTransferError(f"{path} is no model that tabtransfer saved.")
            yield archive
    except (zipfile.BadZipFile, SafetensorError, pa.ArrowException, KeyError, EOFError) as error:
        with path.open("rb") as file:
            if file.read(1) == b"\x80":
                remedy = "It seems to be a pickle: use joblib.load if you trust where it is from."
            else:
                remedy = "Save it again with model.save(path)."
        raise TabTransferError(f"{path} is no complete saved model ({error}). {remedy}") from error


def _read_record(archive: zipfile.ZipFile, path: Path) -> dict[str, Any]:
    record = json.loads(archive.read(_RECORD))
    if record["format"] > FORMAT:
        raise TabTransferError(
            f"{path} was saved by tabtransfer {record['versions'].get('tabtransfer')} in format "
            f"{record['format']}, and tabtransfer {tabtransfer.__version__} reads formats up to "
            f"{FORMAT}: upgrade tabtransfer."
        )
    return record


def _unfitted(record: dict[str, Any], kinds: Mapping[str, type[Any]], path: Path) -> Any:
    settings = {name: from_json(value) for name, value in record["settings"].items()}
    try:
        return kinds[record["estimator"]](**settings)
    except (KeyError, TypeError) as error:
        raise TabTransferError(
            f"{path} was saved by tabtransfer {record['versions'].get('tabtransfer')}, and "
            f"tabtransfer {tabtransfer.__version__} has no such estimator or parameter: {error}."
        ) from error


def _network(
    archive: zipfile.ZipFile, record: dict[str, Any], checkpoint: Any, path: Path
) -> TabularTransformer:
    """Give the network of the file, shared with all that have the same."""
    digest = record["weights"]
    if digest == fingerprint(checkpoint):
        return load_checkpoint(checkpoint)
    network = _networks.get(digest)
    if network is None:
        content = archive.read(_WEIGHTS)
        if hashlib.sha256(content).hexdigest() != digest:
            raise zipfile.BadZipFile("the weights are others than those of fit")
        network = build_network(record["network"], safetensors.torch.load(content), path)
        _networks[digest] = network
    return network


def _classes(record: dict[str, Any]) -> Any:
    return np.array(from_json(record["classes"]), dtype=np.dtype(record["classes_type"]))


def _show_without_rows(
    model: Any, record: dict[str, Any], network: KeptNetwork, calibration: Calibration | None
) -> None:
    """Set what is known of a fitted model without its training rows."""
    model.n_features_in_ = record["n_features"]
    if record["feature_names"] is not None:
        model.feature_names_in_ = np.array(record["feature_names"], dtype=object)
    classes = None if record["classes"] is None else _classes(record)
    model.fitted_ = ModelWithoutRows(network, calibration, classes)


def _check_same(model: Any, fitted: FittedModel, record: dict[str, Any]) -> None:
    """Raise unless the model came out as it was when it was saved."""
    saved, training = TableSketch(**record["sketch"]), fitted.ensemble.training
    found = TableSketch.of(training.table, training.labels)
    names = getattr(model, "feature_names_in_", range(model.n_features_in_))
    sources = [list(names)[place] for place in fitted.encoder.sources_]
    difference = found.difference(saved, sources)
    if not difference and isinstance(fitted, FittedClassifier):
        same = fitted.classes.tolist() == _classes(record).tolist()
        difference = "" if same else "other classes"
    if difference:
        here = _versions()
        others = [
            f"{name} {version} (here {here.get(name, 'none')})"
            for name, version in record["versions"].items()
            if here.get(name) != version
        ]
        raise TabTransferError(
            f"The training rows differ from those of fit: {difference}. Give the rows of fit, in "
            "the same order and with the same types, or fit again."
            + (f" The model was saved with {', '.join(others)}." if others else "")
        )
    if fitted.ensemble.n_context_rows != record["n_context_rows"]:
        warnings.warn(
            f"The model reads {fitted.ensemble.n_context_rows} training rows at once, and read "
            f"{record['n_context_rows']} when it was saved, because other memory is free: its "
            "predictions differ.",
            stacklevel=4,
        )
