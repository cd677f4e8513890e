import datetime as dt
import io
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.columns import learn_column
from tabtransfer.preprocessing.training_rows import TrainingRows
from tabtransfer.saving.training_rows import read_rows, write_rows

PARIS = "Europe/Paris"


def categorical(levels):
    """Make categories of what pandas would turn into something else."""
    return pd.Categorical.from_codes([1, 0], pd.Index(levels, dtype=object, tupleize_cols=False))


class Kept(io.BytesIO):
    """Keep what was written when a file is closed."""

    def close(self):
        self.content = self.getvalue()
        super().close()


def round_trip(frame, labels=None):
    files = {}
    labels = np.arange(len(frame)) if labels is None else labels
    write_rows(TrainingRows(frame, labels), lambda name: files.setdefault(name, Kept()))
    assert sorted(files) == ["table.parquet", "target.parquet"]
    found = read_rows(lambda name: files[name].content)
    np.testing.assert_array_equal(found.labels, labels)
    assert found.labels.dtype == labels.dtype
    return found.X


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1.5, np.nan]),
        pd.Series([1, 2], dtype="uint8"),
        pd.Series([1, None], dtype="Int16"),
        pd.Series([True, None], dtype="boolean"),
        pd.Series(["a", None], dtype="str"),
        pd.Series(["a", None], dtype="string"),
        pd.Series(pd.to_datetime(["2024-05-13 10:00", None])),
        pd.Series(pd.to_datetime(["2024-05-13", None])).dt.tz_localize("Europe/Berlin"),
        pd.Series(pd.to_timedelta([1, None], unit="s")),
        pd.Series(pd.period_range("2024-05", periods=2, freq="M")),
        pd.Series(pd.interval_range(0, 2)),
        pd.Series(pd.Categorical(["u", None], categories=["v", "u"])),
        pd.Series(pd.Categorical([3, 1], categories=[3, 1, 2], ordered=True)),
        pd.Series(pd.cut([0.1, 0.9], 2)),
        pd.Series([1, "a"], dtype=object),
        pd.Series([True, 1.5], dtype=object),
        pd.Series([10**40, None], dtype=object),
        pd.Series([Decimal("1.50"), None], dtype=object),
        pd.Series(["not Unicode \ud800", None], dtype=object),
        pd.Series([Decimal("1.50"), 2.5], dtype=object),
        pd.Series([Fraction(1, 3), 2.5], dtype=object),
        pd.Series([np.datetime64("2024-05-13"), None], dtype=object),
        pd.Series([np.datetime64("2024-05-13T10:00:00.5"), dt.date(2024, 5, 13)], dtype=object),
        pd.Series([np.timedelta64(90, "m"), pd.Timedelta(1)], dtype=object),
        pd.Series([dt.time(10, 30), pd.Timedelta(1)], dtype=object),
        pd.Series([dt.date(2024, 5, 13), dt.datetime(2024, 5, 13, 10)], dtype=object),
        pd.Series([pd.Timestamp("2024-05-13"), dt.date(9999, 12, 31)], dtype=object),
        pd.Series([pd.Timestamp("2024-01-13", tz=PARIS), pd.Timestamp("2024-07-13")], dtype=object),
        pd.Series([pd.Timestamp("2024-01-13", tz=PARIS), pd.Timestamp("2024-07-13", tz="UTC")]),
        pd.Series([pd.Period("2024-05", "M"), dt.date(2024, 5, 13)], dtype=object),
        pd.Series(categorical([("a", 1), ("b", 2)])),
        pd.Series(categorical([np.datetime64("2024-05-13"), np.datetime64("2024-05-14")])),
        pd.Series(categorical([dt.time(10), dt.time(11)])),
        pd.Series(categorical([b"a", b"b"])),
        pd.Series(pd.to_datetime(["2024-01-13", "2024-07-13"]))
        .dt.tz_localize(PARIS)
        .astype("category"),
        pd.Series(pd.interval_range(pd.Timestamp("2024-05-13"), periods=2)).astype("category"),
        pd.Series(pd.arrays.SparseArray([0.0, 1.5])),
        pd.Series(pd.arrays.SparseArray([np.nan, 1.5])),
    ],
    ids=lambda column: f"{column.dtype} {column.tolist()}",
)
def test_columns_come_back_with_their_types(column):
    found = round_trip(pd.DataFrame({"a": column, "b": [0, 1]}))
    pd.testing.assert_series_equal(found["a"], column, check_names=False)
    assert [type(cell) for cell in found["a"]] == [type(cell) for cell in column]


def test_arrow_dictionaries_come_back_as_their_cells():
    kind = pd.ArrowDtype(pa.dictionary(pa.int8(), pa.string()))
    frame = pd.DataFrame({"a": pd.Series(["u", "v", None, "u"], dtype=kind)})
    assert round_trip(frame)["a"].tolist() == ["u", "v", None, "u"]


def test_categories_that_are_not_unicode():
    levels = pd.Index(["u", "\ud800"], dtype=object)
    column = pd.Series(pd.Categorical.from_codes([1, 0], levels))
    found = round_trip(pd.DataFrame({"a": column}))["a"]
    assert found.cat.categories.tolist() == ["u", "\ud800"] and found.cat.codes.tolist() == [1, 0]


@pytest.mark.parametrize("names", [["a", "b"], [0, 1], ["a", 1], [("a", 1), ("a", 2)]], ids=str)
def test_names_and_numbers_of_rows(names):
    frame = pd.DataFrame([[1, 2], [3, 4]], index=["x", "y"])
    frame.columns = pd.Index(names)
    found = round_trip(frame, np.array([0.5, -1.0]))
    assert list(found.columns) == names and list(found.index) == [0, 1]


def test_cells_that_cannot_be_written_are_named():
    frame = pd.DataFrame({"good": [1, 2], "bad": pd.Series([1, object()], dtype=object)})
    with pytest.raises(TabTransferError, match=r"Column 'bad' can't be saved.*Turn it into numb"):
        round_trip(frame)
    sets = pd.Series(categorical([frozenset("a"), frozenset("b")]))
    with pytest.raises(TabTransferError, match="Column 'sets' can't be saved"):
        round_trip(pd.DataFrame({"sets": sets}))


def test_dates_of_a_named_zone_keep_it():
    winter, summer = (pd.Timestamp(f"2024-{month}-13", tz=PARIS) for month in ("01", "07"))
    column = pd.Series([winter, summer.to_pydatetime(), np.datetime64("2024-01-01")], dtype=object)
    found = round_trip(pd.DataFrame({"a": column}))["a"]
    assert [str(cell.tzinfo) for cell in found[:2]] == [PARIS, PARIS]
    learned, again = learn_column(column, "a"), learn_column(found, "a")
    np.testing.assert_array_equal(learned.encode(column, "a"), again.encode(found, "a"))


@pytest.mark.parametrize(
    "column",
    [
        pa.DictionaryArray.from_arrays(np.zeros(200_000, np.int8), ["x"]),
        pa.DictionaryArray.from_arrays(np.zeros(2_000, np.int8), ["x" * 6_000]).cast("string"),
    ],
    ids=["many cells", "long texts"],
)
def test_rows_that_unfold_are_refused_unread(column, monkeypatch):
    content = io.BytesIO()
    pq.write_table(pa.table({str(index): column for index in range(8)}), content)
    assert len(content.getvalue()) < 10**6
    free = SimpleNamespace(available=10**7, total=10**7)
    monkeypatch.setattr("psutil.virtual_memory", lambda: free)
    with pytest.raises(TabTransferError, match=r"take 0\.\d GB, more memory than is free"):
        read_rows(lambda name: content.getvalue())
