import json

import numpy as np
import pytest
import safetensors.numpy

from tabtransfer import TabTransferError
from tabtransfer.learners import (
    BoostingSettings,
    DistinctRows,
    ForestSettings,
    KernelSettings,
    fit_learners,
)
from tabtransfer.learners.archive import read_learners, write_learners
from tabtransfer.preprocessing.encoder import TableEncoder

SETTINGS = (ForestSettings(5, 2), BoostingSettings(10, 3, 0.2), KernelSettings())


def make(n_classes, settings=SETTINGS):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3))
    X[rng.random(X.shape) < 0.1] = np.nan
    y = rng.normal(size=90) if not n_classes else rng.integers(n_classes, size=90)
    table = TableEncoder().fit(X).transform(X)
    rows = DistinctRows.of(table.cells, y, None)
    return table, fit_learners(table, y, n_classes, rows, settings, 3, seed=0)


@pytest.mark.parametrize("n_classes", [0, 2, 4])
@pytest.mark.parametrize("settings", [SETTINGS, (None, SETTINGS[1]), (SETTINGS[0], None)])
def test_what_is_read_predicts_as_what_was_written(n_classes, settings):
    table, learners = make(n_classes, settings)
    again = read_learners(write_learners(learners, 3))
    np.testing.assert_array_equal(again.out_of_fold, learners.out_of_fold)
    np.testing.assert_array_equal(again.predict(table), learners.predict(table))
    assert again.scale == learners.scale


def test_there_is_no_pickle_in_it():
    content = write_learners(make(2)[1], 3)
    assert b"sklearn" not in content and b"\x80\x04" not in content[:2]


@pytest.mark.parametrize(
    ("name", "value"), [("left_child", 10**6), ("right_child", 0), ("feature", 99)]
)
def test_trees_that_refer_to_what_is_not_there_are_refused(name, value):
    content = write_learners(make(2)[1], 3)
    length = int.from_bytes(content[:8], "little")
    arrays = safetensors.numpy.load(content)
    arrays[f"0.0.{name}"][0] = value
    metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    with pytest.raises(TabTransferError, match="refer to what isn't there"):
        read_learners(safetensors.numpy.save(arrays, metadata))


@pytest.fixture(scope="module")
def boosted():
    return write_learners(make(2, (None, SETTINGS[1]))[1], 3)


# CatBoost ends the process over some of these.
@pytest.mark.parametrize(
    "damage",
    [
        lambda blob: blob[:-1],
        lambda blob: blob[:40],
        lambda blob: blob[:0],
        lambda blob: np.zeros_like(blob),
        lambda blob: np.random.default_rng(0).integers(0, 256, len(blob), np.uint8),
        lambda blob: np.where(np.arange(len(blob)) == 70, blob ^ 64, blob),
        lambda blob: np.concatenate([blob[:8], np.full(16, 255, np.uint8), blob[24:]]),
        lambda blob: np.concatenate([blob[:4], np.full(4, 255, np.uint8), blob[8:]]),
    ],
    ids=["cut", "header", "nothing", "zeros", "random", "bit", "offsets", "huge"],
)
def test_damaged_boosted_trees_are_refused(boosted, damage):
    arrays = safetensors.numpy.load(boosted)
    length = int.from_bytes(boosted[:8], "little")
    metadata = json.loads(boosted[8 : 8 + length])["__metadata__"]
    name = next(name for name in arrays if name.endswith("booster"))
    arrays[name] = damage(arrays[name])
    with pytest.raises(TabTransferError, match=r"boosted trees .* are damaged"):
        read_learners(safetensors.numpy.save(arrays, metadata))
