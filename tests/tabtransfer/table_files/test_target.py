import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.table_files.target import read_target_column


def read(cells, **settings):
    return read_target_column(pd.Series(cells, name="y"), **settings)


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (["007", "008"], ["007", "008"]),
        (["1e5", "2e5"], ["1e5", "2e5"]),
        (["10000000000000001", "10000000000000002"], [10000000000000001, 10000000000000002]),
        (["12345678901234567890", "12345678901234567891"],) * 2,
        (["None", "Low"], ["None", "Low"]),
        (["True", "False"], ["True", "False"]),
        (["1.0", "0.0"], ["1.0", "0.0"]),
        (["1.0", "0", "1", "0.0"], [1, 0, 1, 0]),
        (["1", " 0"], [1, 0]),
        (["-1", "1"], [-1, 1]),
        (["+", "-"], ["+", "-"]),
        (["yes ", "no"], ["yes", "no"]),
        (["10 %", "20 %"], ["10 %", "20 %"]),
    ],
)
def test_classes_come_out_as_they_were_written(cells, labels):
    found = read(cells * 10, from_text=True)
    assert found.task == "classification"
    assert found.y.tolist() == labels * 10


def test_a_class_of_none_is_said_and_empty_cells_are_missing():
    found = read(["None", "Low", None, "NA", "Low"], from_text=True)
    assert found.y.isna().tolist() == [False, False, True, True, False]
    assert found.note == "'None' is read as a class of 'y', in 1 rows."
    numbers = read([*map(str, np.linspace(0, 1, 30)), "None"], from_text=True)
    assert numbers.task == "regression" and numbers.y.isna().sum() == 1 and not numbers.note


@pytest.mark.parametrize(
    "write", ["${:,.2f}".format, "{:.2f} €".format, lambda x: f"{x:.2f} €".replace(".", ",")]
)
@pytest.mark.parametrize("from_text", [True, False])
def test_money_is_a_number(write, from_text):
    prices = np.random.default_rng(0).lognormal(7, 1, 120).round(2)
    found = read([*map(write, prices)], from_text=from_text)
    assert found.task == "regression" and "it holds numbers written as" in found.reason
    np.testing.assert_allclose(found.y, prices)


def test_decimals_are_numbers():
    found = read([Decimal("1.50"), None, *map(Decimal, range(30))])
    assert found.task == "regression" and found.y[0] == 1.5 and found.y.isna()[1]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (pd.date_range("2020-01-01", periods=3), "dates, such as '2020-01-01"),
        ([datetime.date(2020, 1, 1)] * 3, "dates"),
        ([datetime.time(1)] * 3, "times of the day"),
        (pd.to_timedelta([1, 2], unit="s"), "durations"),
    ],
)
@pytest.mark.parametrize("task", ["auto", "classification", "regression"])
def test_times_are_refused_with_the_reason(cells, words, task):
    with pytest.raises(TabTransferError, match=f"'y' holds {words}"):
        read(cells, task=task)


@pytest.mark.parametrize(
    ("cells", "way"),
    [
        ([f"C{number}" for number in range(200)], "classification"),
        (list(range(1000, 1200)), "regression"),
    ],
)
def test_what_names_rows_is_refused_but_if_asked_for(cells, way):
    with pytest.raises(TabTransferError, match=f"200 different values in 200 rows.*--task {way}"):
        read(cells)
    assert read(cells, task=way).y.tolist() == cells


def test_strings_of_typed_files_stay_strings():
    assert read(["1", "0"] * 9).y.tolist() == ["1", "0"] * 9
    assert read([1.0, np.nan, 0.0]).y.tolist()[0] == 1
