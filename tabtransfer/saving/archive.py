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
from collections.abc import Iterator
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
from tabtransfer.checkpoint import SHIPPED, build_network, fingerprint, load_checkpoint
from tabtransfer.errors import TabTransferError
from tabtransfer.estimators.base import InContextEstimator
from tabtransfer.estimators.classifier import TabTransferClassifier
from tabtransfer.estimators.regressor import TabTransferRegressor
from tabtransfer.files import replacing
from tabtransfer.finetune.loop import FinetuneRecord
from tabtransfer.inference.calibration import Calibration
from tabtransfer.learners.archive import read_learners, write_learners
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.saving.sketch import TableSketch
from tabtransfer.saving.tagged_json import from_json, to_json
from tabtransfer.saving.training_rows import TrainingRows

__all__ = ["load", "save"]

FORMAT = 2
_RECORD, _WEIGHTS, _LEARNERS = "model.json", "weights.safetensors", "learners.safetensors"
_ESTIMATORS = {kind.__name__: kind for kind in (TabTransferClassifier, TabTransferRegressor)}
# Of what loading doesn't repeat.
_OUTCOMES = {"finetuning_": FinetuneRecord, "calibration_": Calibration}
_LIBRARIES = (
    *("tabtransfer", "torch", "numpy", "pandas", "scikit-learn"),
    *("catboost", "skrub", "pyarrow"),
)
_networks: WeakValueDictionary[str, TabularTransformer] = WeakValueDictionary()


def save(
    model: InContextEstimator, path: str | os.PathLike[str], training_rows: bool = True
) -> None:
    """Write a fitted model; see `InContextEstimator.save`."""
    model._check_fitted()
    if type(model) not in _ESTIMATORS.values():
        raise TabTransferError(
            f"A {type(model).__name__} can't be saved, only {' and '.join(_ESTIMATORS)}: use "
            "joblib.dump."
        )
    weights = _weights(model)
    record = _describe(model, hashlib.sha256(weights).hexdigest())
    with replacing(path) as unfinished:
        with zipfile.ZipFile(unfinished, "w") as archive:
            archive.writestr(zipfile.ZipInfo(_RECORD), json.dumps(record, indent=1))
            archive.writestr(zipfile.ZipInfo(_WEIGHTS), weights)
            if model.learners_ is not None:
                n_columns = model.ensemble_.table.values.shape[1]
                learners = zipfile.ZipInfo(_LEARNERS)
                learners.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(learners, write_learners(model.learners_, n_columns))
            if training_rows:
                rows: TrainingRows = model._training_rows
                rows.write(lambda name: archive.open(zipfile.ZipInfo(name), "w", force_zip64=True))
        try:
            load(unfinished)
        except TabTransferError as error:
            raise TabTransferError(
                f"The model can't be saved so that it comes back as it is: {error} If the table "
                "was changed since fit, fit again; otherwise use joblib.dump."
            ) from error


def load(
    path: str | os.PathLike[str], X: Any = None, y: Any = None, sample_weight: Any = None
) -> Any:
    """Load a model that `save` wrote.

    Nothing in the file is executed. Predictions are those of the model that was saved: to the
    bit on the same machine with the same versions, up to rounding elsewhere.

    Parameters
    ----------
    path : path-like
        The file.
    X : array-like or DataFrame of shape (n_rows, n_features), optional
        The training rows, of a file saved without them.
    y : array-like of shape (n_rows,), optional
        Their targets.
    sample_weight : array-like of shape (n_rows,), optional
        Their weights, if they had some.

    Returns
    -------
    TabTransferClassifier or TabTransferRegressor
        As fitted. If the file is without training rows and they aren't given, its parameters,
        columns, classes and weights can be looked at, but predicting raises an error.

    Raises
    ------
    TabTransferError
        If the file isn't one that this version can read, or the training rows given, or read by
        other versions of the libraries, differ from those of fit.

    Examples
    --------
    >>> import tempfile
    >>> import tabtransfer
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = tabtransfer.TabTransferClassifier(random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/iris.model")
    ...     again = tabtransfer.load(f"{folder}/iris.model")
    >>> bool((again.predict_proba(X) == model.predict_proba(X)).all())
    True
    """
    path = Path(path)
    if (X is None) != (y is None):
        raise TabTransferError("Give the training rows and their targets: load(path, X, y).")
    with _opened(path) as archive:
        record = _read_record(archive, path)
        model = _unfitted(record, path)
        network = _network(archive, record, model.checkpoint, path)
        learners = None
        if _LEARNERS in archive.namelist():
            learners = read_learners(archive.read(_LEARNERS))
        if "table.parquet" in archive.namelist():
            if X is not None:
                raise TabTransferError(f"{path} holds the training rows: leave X and y out.")
            rows = TrainingRows.read(archive.read)
            X, y, sample_weight = rows.X, rows.labels, rows.weights
            if record["classes"] is not None:
                y = _classes(record)[y]
    if X is None:
        _show_without_rows(model, record, network)
    else:
        model._learn(X, y, sample_weight, record["seed"], network, learners, fits_learners=False)
        _check_same(model, record)
    for name, values in record["outcomes"].items():
        setattr(model, name, _OUTCOMES[name](**values))
    return model


def _weights(model: InContextEstimator) -> bytes:
    """Give the network as the bytes of a safetensors file."""
    network = model._fitted_network()
    if hasattr(model, "network_"):
        return safetensors.torch.save(
            {name: t.detach().contiguous() for name, t in network.state_dict().items()}
        )
    return Path(SHIPPED if model.checkpoint is None else model.checkpoint).read_bytes()


def _describe(model: InContextEstimator, weights: str) -> dict[str, Any]:
    settings = dict(model._fit_settings)
    if isinstance(settings["random_state"], np.random.RandomState):
        settings["random_state"] = model._seed
    if settings["checkpoint"] is not None:
        settings["checkpoint"] = os.fspath(settings["checkpoint"])
    names = getattr(model, "feature_names_in_", None)
    classes = getattr(model, "classes_", None)
    return {
        "format": FORMAT,
        "versions": _versions(),
        "estimator": type(model).__name__,
        "settings": {name: to_json(value) for name, value in settings.items()},
        "seed": model._seed,
        "n_features": model.n_features_in_,
        "feature_names": None if names is None else names.tolist(),
        "classes": None if classes is None else to_json(classes.tolist()),
        "classes_type": None if classes is None else classes.dtype.str,
        "n_context_rows": model.n_context_rows_,
        "sketch": asdict(TableSketch.of(model.ensemble_.table, model.ensemble_.labels)),
        "outcomes": {
            name: asdict(getattr(model, name)) for name in _OUTCOMES if hasattr(model, name)
        },
        "network": asdict(model._fitted_network().config),
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


def _unfitted(record: dict[str, Any], path: Path) -> InContextEstimator:
    settings = {name: from_json(value) for name, value in record["settings"].items()}
    try:
        return _ESTIMATORS[record["estimator"]](**settings)
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
    model: InContextEstimator, record: dict[str, Any], network: TabularTransformer
) -> None:
    """Set what is known of a fitted model without its training rows."""
    model._lacks_rows = True
    model.n_features_in_ = record["n_features"]
    if record["feature_names"] is not None:
        model.feature_names_in_ = np.array(record["feature_names"], dtype=object)
    if record["classes"] is not None:
        model.classes_ = _classes(record)
    model._keep(network)


def _check_same(model: InContextEstimator, record: dict[str, Any]) -> None:
    """Raise unless the model came out as it was when it was saved."""
    saved = TableSketch(**record["sketch"])
    found = TableSketch.of(model.ensemble_.table, model.ensemble_.labels)
    names = getattr(model, "feature_names_in_", range(model.n_features_in_))
    sources = [list(names)[place] for place in model.encoder_.sources_]
    difference = found.difference(saved, sources)
    if not difference and record["classes"] is not None:
        same = model.classes_.tolist() == _classes(record).tolist()
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
    if model.n_context_rows_ != record["n_context_rows"]:
        warnings.warn(
            f"The model reads {model.n_context_rows_} training rows at once, and read "
            f"{record['n_context_rows']} when it was saved, because other memory is free: its "
            "predictions differ.",
            stacklevel=3,
        )
