"""Fitted models as files without code in them.

A file is a zip archive of

- ``model.json``: which estimator, its parameters, seed, columns and classes, the versions it was
  fitted with, and a sketch of the encoded training rows;
- ``weights.safetensors``: the network. Its checkpoint is copied whole (some MiB), so that the
  file works where the checkpoint isn't or another version of tabtransfer ships other weights;
  where those shipped are the same, their network is shared;
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
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import safetensors.torch

import tabtransfer
from tabtransfer.checkpoint import build_network, checkpoint_sha256, load_checkpoint
from tabtransfer.device import device_at_hand, find_device
from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing
from tabtransfer.finetune.config import FinetuneConfig, FinetuneRecord
from tabtransfer.inference.blend import Blend
from tabtransfer.inference.calibration import Calibration
from tabtransfer.inference.fitted import FittedClassifier, FittedModel, ModelWithoutRows
from tabtransfer.inference.fitting import PreparedRows, build_model, prepare_rows
from tabtransfer.inference.kept_network import KeptNetwork
from tabtransfer.inference.resources import Resources
from tabtransfer.inference.row_clusters import RowClusters
from tabtransfer.inference.settings import FitSettings, TaskType
from tabtransfer.learners import FittedLearners
from tabtransfer.learners.archive import read_learners, write_learners
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.preprocessing.training_input import read_training
from tabtransfer.saving.container import opened, read_entry, refusing_damage
from tabtransfer.saving.record import FORMAT, read_record
from tabtransfer.saving.sketch import TableSketch
from tabtransfer.saving.tagged_json import from_json, to_json
from tabtransfer.saving.training_rows import TABLE, read_rows, write_rows
from tabtransfer.threads import torch_threads

__all__ = ["ESTIMATORS", "read_model", "save_model"]

_RECORD, _WEIGHTS, _LEARNERS = "model.json", "weights.safetensors", "learners.safetensors"
ESTIMATORS: dict[str, TaskType] = {
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
    if model.rows.related is not None and not training_rows:
        raise TabTransferError("A model with related rows can't be saved without its rows.")
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
    learners = rows = None
    with opened(path, _RECORD) as archive:
        record = read_record(read_entry(archive, _RECORD), path)
        model = _unfitted(record, kinds, path)
        network = _network(archive, record, path)
        if _LEARNERS in archive.namelist():
            learners = read_learners(read_entry(archive, _LEARNERS))
        if TABLE in archive.namelist():
            if X is not None:
                raise TabTransferError(f"{path} holds the training rows: leave X and y out.")
            rows = read_rows(lambda name: read_entry(archive, name))
            X, y, sample_weight = rows.X, rows.labels, rows.weights
            if record["classes"] is not None:
                y = _classes(record)[y]
        outcomes = {
            name: kind(**record["outcomes"][name])
            for name, kind in _OUTCOMES.items()
            if name in record["outcomes"]
        }
        blend = _read_blend(record)
    calibration = outcomes.pop("calibration_", None)
    # What goes wrong with rows that are given is theirs to say.
    with nullcontext() if rows is None else refusing_damage(path):
        if X is None:
            _show_without_rows(model, record, network, calibration)
        else:
            settings = FitSettings.of(ESTIMATORS[record["estimator"]], model.get_params())
            given = read_training(model, X, y, sample_weight)
            if rows is not None:
                given = replace(given, related=rows.related)
            prepared = prepare_rows(given, settings, record["seed"])
            _check_same(model, prepared, record)
            with refusing_damage(path):
                prepared = prepared.with_learners(_matching(learners, prepared))
                clusters = _read_clusters(record, prepared)
            device = find_device(model.device)
            resources = Resources(model.n_threads, model.memory_limit, model.verbose, device)
            with torch_threads(model.n_threads):
                fitted = build_model(
                    prepared, network, resources, calibration, blend, clusters=clusters
                )
                _warn_of_fewer_rows(fitted, record)
                model.fitted_ = fitted
                model.context_cached_ = fitted.read_contexts()
    for name, value in outcomes.items():
        setattr(model, name, value)
    return model


def _matching(learners: FittedLearners | None, prepared: PreparedRows) -> FittedLearners | None:
    """Return learners, after checking that they can predict a row of this table."""
    if learners is None:
        return None
    training = prepared.training
    answer = learners.predict(training.table.take(slice(0, 1)))
    if answer.shape[1:] != learners.out_of_fold.shape[1:] or np.isinf(answer).any():
        raise ValueError("the trees predict something else")
    if learners.out_of_fold.shape != (training.n_rows, answer.shape[1], max(1, training.n_classes)):
        raise TabTransferError(
            "The training rows differ from those that the saved model's trees were grown on. Give "
            "the rows of fit, or fit again."
        )
    return learners


def _describe(model: FittedModel, estimator: str, weights: str) -> dict[str, Any]:
    settings = dict(model.settings.parameters)
    settings["verbose"] = False  # who loads it asked for no progress bars
    if isinstance(settings["random_state"], np.random.RandomState):
        settings["random_state"] = model.seed
    if settings["checkpoint"] is not None:
        settings["checkpoint"] = os.fspath(settings["checkpoint"])
    if isinstance(settings["finetune"], FinetuneConfig):  # which rows progress is of, none knows
        settings["finetune"] = asdict(replace(settings["finetune"], folder=None))
    classes = model.classes if isinstance(model, FittedClassifier) else None
    columns = model.rows.X.columns.tolist()
    training, centres = model.ensemble.training, model.ensemble.clusters.centres
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
        "centres": centres.tolist() if len(centres) > 1 else None,
        "blend": None if model.blend is None else list(model.blend.shares),
        "spread": 1.0 if model.blend is None else model.blend.spread,
    }


def _read_clusters(record: Mapping[str, Any], prepared: PreparedRows) -> RowClusters:
    if record["centres"] is None:
        return RowClusters.one()
    clusters = RowClusters(np.array(record["centres"], dtype=np.float32))
    clusters.of(prepared.training.table.take(slice(0, 1)))  # raises where they are of another table
    return clusters


def _read_blend(record: Mapping[str, Any]) -> Blend | None:
    shares = record["blend"]
    if shares is None:
        return None
    return Blend(tuple(map(float, shares)), record["spread"])


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _unfitted(record: dict[str, Any], kinds: Mapping[str, type[Any]], path: Path) -> Any:
    settings = {name: from_json(value) for name, value in record["settings"].items()}
    if isinstance(settings.get("finetune"), dict):
        settings["finetune"] = FinetuneConfig(**settings["finetune"])
    if "device" in settings:
        settings["device"] = device_at_hand(settings["device"])
    try:
        model = kinds[record["estimator"]](**settings)
    except (KeyError, TypeError) as error:
        raise TabTransferError(
            f"{path} was saved by tabtransfer {record['versions'].get('tabtransfer')}, and "
            f"tabtransfer {tabtransfer.__version__} has no such estimator or parameter: {error}."
        ) from error
    model.check_parameters()
    return model


def _network(archive: zipfile.ZipFile, record: dict[str, Any], path: Path) -> KeptNetwork:
    """Return the network of the file, shared with all that have the same.

    Its checkpoint isn't looked at, unless it is the shipped one: what lies at a path that a file
    names is anybody's.
    """
    digest, checkpoint = record["weights"], record["settings"].get("checkpoint")
    config = NetworkConfig.from_json(record["network"])
    if checkpoint is None and digest == checkpoint_sha256():
        return KeptNetwork.of(load_checkpoint(), None)
    network = _networks.get(digest)
    if network is not None and network.config != config:
        raise ValueError("the network's sizes are others than those of its weights")
    if network is None:
        content = read_entry(archive, _WEIGHTS)
        if hashlib.sha256(content).hexdigest() != digest:
            raise zipfile.BadZipFile("the weights are others than those of fit")
        network = build_network(record["network"], safetensors.torch.load(content), path)
        _networks[digest] = network
    return KeptNetwork(network, checkpoint, digest)


def _classes(record: dict[str, Any]) -> Any:
    listed = from_json(record["classes"])
    classes = np.array(listed, dtype=np.dtype(record["classes_type"]))
    if classes.ndim != 1 or classes.tolist() != listed:
        raise ValueError("its classes are of another type than it says")
    return classes


def _show_without_rows(
    model: Any, record: dict[str, Any], network: KeptNetwork, calibration: Calibration | None
) -> None:
    """Set the attributes of a fitted model that are known without its training rows."""
    model.n_features_in_ = record["n_features"]
    if record["feature_names"] is not None:
        model.feature_names_in_ = np.array(record["feature_names"], dtype=object)
    classes = None if record["classes"] is None else _classes(record)
    model.fitted_ = ModelWithoutRows(network, calibration, classes)


def _check_same(model: Any, prepared: PreparedRows, record: dict[str, Any]) -> None:
    """Raise unless the encoded rows are as they were when the model was saved."""
    saved, training = TableSketch(**record["sketch"]), prepared.training
    found = TableSketch.of(training.table, training.labels)
    names = getattr(model, "feature_names_in_", range(model.n_features_in_))
    sources = [list(names)[place] for place in prepared.encoder.sources_]
    difference = found.difference(saved, sources)
    if not difference and prepared.classes is not None:
        same = prepared.classes.tolist() == _classes(record).tolist()
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


def _warn_of_fewer_rows(fitted: FittedModel, record: dict[str, Any]) -> None:
    if fitted.ensemble.n_context_rows != record["n_context_rows"]:
        warnings.warn(
            f"The model reads {fitted.ensemble.n_context_rows} training rows at once, and read "
            f"{record['n_context_rows']} when it was saved, because other memory is free: its "
            "predictions differ.",
            stacklevel=4,
        )
