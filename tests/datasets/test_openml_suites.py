"""OpenML's suites, with the package openml played by a stand-in: tests have no network."""

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tabtransfer.baselines.transfer import table_seen
from tabtransfer.datasets.fingerprints import fingerprint
from tabtransfer.datasets.openml_suites import STUDIES
from tabtransfer.datasets.suites import load_suite
from tabtransfer.errors import TabTransferError

RNG = np.random.default_rng(0)
FLOWERS = pd.DataFrame(
    {
        "width": RNG.normal(size=60).round(3),
        "colour": pd.Categorical(RNG.choice(["red", "blue"], 60)),
        "wild": RNG.random(60) < 0.5,
    }
)
SPECIES = pd.Series(pd.Categorical(np.arange(60) % 3), name="species")
PRICES = pd.Series([None, *RNG.normal(size=59)], name="price")


class ServerError(Exception):
    pass


@pytest.fixture
def openml(monkeypatch, tmp_path):
    """Play the package: two tasks, a network that can fail, and a log of what was asked."""

    def get_suite(number):
        asked.append(("suite", number))
        if fake.down is not None:
            raise fake.down
        return SimpleNamespace(tasks=[3, 8])

    def get_task(number):
        asked.append(("task", number))
        if fake.down is not None and number not in fake.cached:
            raise fake.down
        y, kind = {3: (SPECIES, "Classification"), 8: (PRICES, "Regression")}[number]
        dataset = SimpleNamespace(
            name=f"set-{number}",
            dataset_id=number + 40,
            licence="CC BY 4.0" if number == 3 else None,
            get_data=lambda target, dataset_format: (FLOWERS, y, [], list(FLOWERS)),
        )
        return SimpleNamespace(
            target_name=y.name, task_type=f"Supervised {kind}", get_dataset=lambda: dataset
        )

    asked = []
    fake = SimpleNamespace(
        asked=asked,
        down=None,
        cached=set(),
        study=SimpleNamespace(get_suite=get_suite),
        tasks=SimpleNamespace(get_task=get_task),
        config=SimpleNamespace(get_cache_directory=lambda: str(tmp_path / "cache")),
        exceptions=SimpleNamespace(PyOpenMLError=ServerError),
    )
    monkeypatch.setitem(sys.modules, "openml", fake)
    return fake


def test_a_study_is_a_suite_of_tables(openml):
    flowers, prices = load_suite("openml-cc18")
    assert openml.asked[0] == ("suite", 99)
    assert (flowers.name, flowers.task, flowers.metadata.n_classes) == ("set-3", "multiclass", 3)
    assert flowers.metadata.kind == "mixed"
    assert flowers.metadata.source == "openml.org/d/43"
    assert flowers.metadata.licence == "CC BY 4.0"
    assert flowers.y.tolist()[:4] == ["0", "1", "2", "0"]
    assert list(flowers.X) == ["width", "colour", "wild"]
    assert (prices.task, len(prices.X), prices.y.dtype) == ("regression", 59, float)
    assert prices.metadata.licence == "not stated"


@pytest.mark.parametrize(("name", "number"), STUDIES.items())
def test_the_list_of_tasks_is_kept_for_when_there_is_no_network(openml, name, number):
    load_suite(name)
    assert openml.asked == [("suite", number)]  # no table before it is reached
    openml.down, openml.cached = OSError("no network"), {3}
    suite = load_suite(name)
    assert next(suite).name == "set-3"
    assert ("suite", number) not in openml.asked[1:]
    with pytest.raises(TabTransferError, match=r"Task 8 of the suite.*no network.*the cache"):
        next(suite)


@pytest.mark.parametrize("error", [OSError("no route"), ServerError("no route")])
def test_a_suite_that_cannot_be_fetched_says_so_at_once(openml, error):
    openml.down = error
    with pytest.raises(TabTransferError, match=r"'tabarena' \(study 457\) can't be .*no route"):
        load_suite("tabarena")


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "openml", None)
    with pytest.raises(TabTransferError, match=r"needs the package openml.*tabtransfer\[openml\]"):
        load_suite("openml-ctr23")


def test_a_table_that_the_weights_were_trained_on_is_noticed(openml, monkeypatch):
    flowers = next(load_suite("openml-cc18"))
    assert table_seen(flowers) is None
    mark = fingerprint("set-3", flowers.X.assign(species=flowers.y))
    seen = [{"name": "other name", "fingerprint": mark.to_text()}]
    monkeypatch.setattr("tabtransfer.checkpoint.read_header", lambda path: {"tables": seen})
    assert "other name" in table_seen(flowers)
