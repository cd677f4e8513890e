import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.table_files.text import infer_types, parse, types_of


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2.5e3", " +3 ", None], "double"),
        (["inf", "nan"], "double"),
        (["0", "1"], "double"),
        (["TRUE", "False", " true"], "bool"),
        (["true", "1"], "bool"),
        (["1", "2", "three"], "string"),
        (["1,5"], "string"),
        (["1", "?", "n/a", "2"], "double"),
        (["unknown", "-"], "string"),
        (["007", "8"], "string"),
        (["0", "0.5", "00.5"], "double"),
        (["2024-01-31"], "string"),
        (["", "5"], "double"),
        ([None, None], "double"),
    ],
)
def test_types_are_those_of_all_cells(cells, kind):
    column = infer_types(pa.table({"a": pa.array(cells, pa.string())}))["a"]
    assert str(column.type) == kind
    assert column.null_count == sum(
        cell in (None, "", "nan") or (kind == "double" and cell in ("?", "n/a")) for cell in cells
    )


def test_words_keep_their_spaces():
    assert infer_types(pa.table({"a": [" x", "y "]}))["a"].to_pylist() == [" x", "y "]


def test_text_gets_the_types_of_fit():
    frame = pd.DataFrame(
        {
            "int": np.arange(2),
            "float": [0.5, 1.0],
            "nullable": pd.array([1, None], "Int64"),
            "bool": [True, False],
            "nullable bool": pd.array([True, None], "boolean"),
            "word": ["1", "b"],
            "category": pd.Categorical(["u", "v"]),
            "numbers as categories": pd.Categorical([1.0, 2.0]),
            "mixed": pd.Series([1, "b"], dtype=object),
            "date": pd.to_datetime(["2024-01-31", "2024-02-01 10:00"], format="ISO8601"),
            "zoned": pd.to_datetime(["2024-01-31", "2024-02-01"]).tz_localize("Europe/Berlin"),
        }
    )
    text = frame.astype(object).map(lambda cell: None if pd.isna(cell) else str(cell))
    found = parse(pa.Table.from_pandas(text), types_of(frame)).to_pandas()
    expected = frame.astype(
        {"int": float, "nullable": float, "category": str, "numbers as categories": float}
    )
    for name in frame.columns.drop(["mixed", "nullable bool", "zoned"]):
        pd.testing.assert_series_equal(found[name], expected[name], check_dtype=name != "date")
    assert found["mixed"].tolist() == ["1", "b"] and found["nullable bool"].tolist() == [True, None]
    assert (found["zoned"] == frame["zoned"]).all()


@pytest.mark.parametrize(
    ("kind", "words"),
    [(pa.float64(), "numbers"), (pa.bool_(), "true and false"), (pa.timestamp("us"), "dates")],
)
def test_cells_of_other_types_are_named(kind, words):
    with pytest.raises(TabTransferError, match=f"Column 'a' held {words} in fit: .*lots"):
        parse(pa.table({"a": ["lots"]}), {"a": kind})


def test_decimal_commas_are_read_where_the_file_has_them():
    table = pa.table({"a": ["1.196,55", "2,5", " -3", "1.000"], "b": ["1.5", "2,5", "3", "4"]})
    found = infer_types(table, ",")
    assert found["a"].to_pylist() == [1196.55, 2.5, -3.0, 1000.0]
    assert found["b"].type == pa.string()  # in two writings
    assert parse(table.select(["a"]), {"a": pa.float64()}, ",")["a"].to_pylist()[0] == 1196.55
    with pytest.raises(TabTransferError, match=r"'b' held numbers .*--decimal ','"):
        parse(table, {"b": pa.float64()})
