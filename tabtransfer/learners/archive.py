"""Fitted learners as one safetensors file, without code in it.

Trees of the forest are arrays of their splits, put together for each fold; boosted trees are in
CatBoost's own format; of a kernel, its centres and their weights are kept. What is read is
checked: a broken file gives an error, never a wrong tree. CatBoost can end the process over a
damaged model, so boosted trees are compared with their checksum before: that protects from damage
alone, as whoever makes a file to do harm can make its checksum.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.learners.booster_file import read_booster, write_booster
from tabtransfer.learners.boosting import ColumnBins, FittedBoosting
from tabtransfer.learners.category_means import MEAN_PARTS, CategoryMeans
from tabtransfer.learners.fitted import Fit, FittedLearners
from tabtransfer.learners.forest import FittedForest
from tabtransfer.learners.kernel import FittedKernel, Kernel, RowFeatures
from tabtransfer.preprocessing.target_scale import TargetScale

__all__ = ["read_learners", "write_learners"]

_HEADER = "learners"
_SPLITS = ("left_child", "right_child", "feature", "threshold", "missing_go_to_left")
_KERNEL_PARTS = ("scale", "dual", "mean", "deviation")
_CENTRE_PARTS = ("cells", "categorical", "weights")
_LEAF = -1  # in place of a child


def write_learners(learners: FittedLearners, n_columns: int) -> bytes:
    """Write learners.

    Parameters
    ----------
    learners : FittedLearners
        Fitted.
    n_columns : int
        Columns of the encoded table.

    Returns
    -------
    bytes
        For `read_learners`.
    """
    # The keys in the file stay as they were, so that saved models load.
    arrays: dict[str, NDArray[Any]] = {"own": np.ascontiguousarray(learners.out_of_fold)}
    kinds = []
    for index, fits in enumerate(learners.fits):
        kinds.append([_write(fit, f"{index}.{fold}.", arrays) for fold, fit in enumerate(fits)])
    header = {
        "kinds": kinds,
        "scale": asdict(learners.scale),
        "n_columns": n_columns,
    }
    return safetensors.numpy.save(arrays, {_HEADER: json.dumps(header)})


def read_learners(content: bytes) -> FittedLearners:
    """Read what `write_learners` wrote.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    FittedLearners
        They predict as those written do, to the bit.

    Raises
    ------
    TabTransferError
        If a tree refers to what isn't there, or boosted trees are damaged.
    """
    length = int.from_bytes(content[:8], "little")
    header = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][_HEADER])
    arrays = safetensors.numpy.load(content)
    fits = tuple(
        tuple(
            _read(kind, f"{index}.{fold}.", arrays, header["n_columns"])
            for fold, kind in enumerate(of_folds)
        )
        for index, of_folds in enumerate(header["kinds"])
    )
    return FittedLearners(fits, TargetScale(**header["scale"]), arrays["own"])


def _write(fit: Fit, name: str, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Add the arrays of a fit to the others, and return the rest of it as JSON values."""
    if isinstance(fit, FittedKernel):
        arrays |= {f"{name}{part}": getattr(fit, part) for part in _KERNEL_PARTS}
        arrays |= {f"{name}{part}": getattr(fit.features, part) for part in _CENTRE_PARTS}
        return {"kind": "kernel", "n_classes": fit.n_classes, "kernel": asdict(fit.kernel)}
    arrays[f"{name}known"] = fit.known
    if isinstance(fit, FittedForest):
        states = [tree.__getstate__() for tree in fit.trees]
        for split in _SPLITS:
            parts = [np.ascontiguousarray(state["nodes"][split]) for state in states]
            arrays[name + split] = np.concatenate(parts)
        arrays[f"{name}values"] = np.concatenate([state["values"][:, 0] for state in states])
        arrays[f"{name}counts"] = np.array([state["node_count"] for state in states])
        arrays[f"{name}depths"] = np.array([state["max_depth"] for state in states])
        return {"kind": "forest", "n_classes": fit.n_classes}
    arrays[f"{name}constant"] = fit.constant
    arrays[f"{name}borders"] = np.concatenate([*fit.bins.borders, np.zeros(0)])
    arrays[f"{name}counts"] = np.array([len(borders) for borders in fit.bins.borders])
    arrays[f"{name}indicated"] = fit.bins.indicated
    if fit.means is not None:
        arrays |= {f"{name}means.{part}": found for part, found in fit.means.arrays().items()}
    checksum = None
    if fit.booster is not None:
        content, checksum = write_booster(fit.booster)
        arrays[f"{name}booster"] = np.frombuffer(content, np.uint8)
    return {"kind": "boosting", "n_classes": fit.n_classes, "checksum": checksum}


def _read(kind: dict[str, Any], name: str, arrays: dict[str, NDArray[Any]], n_columns: int) -> Fit:
    if kind["kind"] == "forest":
        return _read_forest(kind["n_classes"], name, arrays, n_columns)
    if kind["kind"] == "kernel":
        features = RowFeatures(*(arrays[name + part] for part in _CENTRE_PARTS))
        parts = {part: arrays[name + part] for part in _KERNEL_PARTS}
        return FittedKernel(
            features, Kernel(**kind["kernel"]), **parts, n_classes=kind["n_classes"]
        )
    booster = None
    if kind["checksum"] is not None:
        booster = read_booster(arrays[f"{name}booster"].tobytes(), kind["checksum"])
    stops = np.cumsum(arrays[f"{name}counts"])[:-1]
    borders = tuple(np.split(arrays[f"{name}borders"], stops))
    indicated = arrays.get(f"{name}indicated", np.zeros(0, np.int64))  # none before format 3
    if not np.isin(indicated, np.arange(len(borders))).all():
        raise TabTransferError("The boosted trees of the saved model refer to what isn't there.")
    bins = ColumnBins(borders, indicated)
    means = None
    if f"{name}means.n_columns" in arrays:
        means = CategoryMeans.from_arrays(
            {part: arrays[f"{name}means.{part}"] for part in MEAN_PARTS}
        )
        if means.n_table_columns != n_columns:
            raise TabTransferError("The means of the saved model refer to what isn't there.")
    known = arrays[f"{name}known"]
    return FittedBoosting(booster, bins, arrays[f"{name}constant"], known, kind["n_classes"], means)


def _read_forest(
    n_classes: int, name: str, arrays: dict[str, NDArray[Any]], n_columns: int
) -> FittedForest:
    from sklearn.tree import DecisionTreeRegressor

    # Has the types that scikit-learn has no public names for.
    model = DecisionTreeRegressor().fit([[0.0], [1.0]], [0.0, 1.0]).tree_
    counts, depths = arrays[f"{name}counts"], arrays[f"{name}depths"]
    nodes = np.zeros(int(counts.sum()), model.__getstate__()["nodes"].dtype)
    for split in _SPLITS:
        nodes[split] = arrays[name + split]
    values = arrays[f"{name}values"]
    n_outputs = np.array([values.shape[1]])
    trees = []
    for stop, count, depth in zip(np.cumsum(counts), counts, depths, strict=True):
        of_tree = nodes[stop - count : stop].copy()
        _check(of_tree, n_columns)
        tree = type(model)(n_columns, n_outputs, 1)
        state = {
            "max_depth": int(depth),
            "node_count": int(count),
            "nodes": of_tree,
            "values": np.ascontiguousarray(values[stop - count : stop, None]),
        }
        tree.__setstate__(state)
        trees.append(tree)
    return FittedForest(tuple(trees), arrays[f"{name}known"], n_classes)


def _check(nodes: NDArray[Any], n_columns: int) -> None:
    """Raise a ValueError unless every node is a leaf, or splits into nodes that come after it."""
    inner = nodes[nodes["left_child"] != _LEAF]
    places = np.flatnonzero(nodes["left_child"] != _LEAF)
    sound = len(nodes) > 0 and ((inner["feature"] >= 0) & (inner["feature"] < n_columns)).all()
    for child in ("left_child", "right_child"):
        sound = sound and ((inner[child] > places) & (inner[child] < len(nodes))).all()
    if not sound:
        raise TabTransferError("The trees of the saved model refer to what isn't there.")
