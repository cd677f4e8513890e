"""Bad and odd tables: each ends in a finite answer, or an error with column and remedy."""

import datetime
import warnings
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from tabtransfer import TabTransferClassifier, TabTransferError, TabTransferRegressor

N_ROWS = 48
NUMBERS = np.random.default_rng(0).normal(size=N_ROWS)
DAYS = pd.date_range("2024-05-13", periods=N_ROWS, freq="31h")
ROWS = [["a", 1.5, None], ["b", 2.5, 3.0], ["a", None, 5.0], ["c", 0.5, 1.0]] * (N_ROWS // 4)


def repeat(*cells, dtype=None):
    return pd.Series([cells[row % len(cells)] for row in range(N_ROWS)], dtype=dtype)


def arrow(arrow_type, *cells):
    return pd.Series(
        pd.array(
            [cells[row % len(cells)] for row in range(N_ROWS)], dtype=pd.ArrowDtype(arrow_type)
        )
    )


def objects(*cells):
    return repeat(*cells, dtype=object)


STAMP = datetime.datetime(2024, 5, 13, 7, 30)
NAMES = pd.Series([f"the {row}th of {N_ROWS} names" for row in range(N_ROWS)])
NUMBER, TEXT, DATE, DURATION = pd.Series(NUMBERS), NAMES, pd.Series(DAYS), pd.Series(DAYS - DAYS[0])

GOOD_COLUMNS = {
    "numbers": NUMBER,
    "holes": NUMBER.where(NUMBER > 0),
    "float16": NUMBER.astype(np.float16),
    "uint64": repeat(2**64 - 1, 0, 3, dtype=np.uint64),
    "whole-nullable": repeat(1, pd.NA, 3, dtype="Int64"),
    "float-nullable": repeat(1.5, pd.NA, dtype="Float32"),
    "flag-nullable": repeat(True, pd.NA, False, dtype="boolean"),
    "flags": repeat(True, False),
    "flags-and-none": objects(True, None, False),
    "decimals": objects(Decimal("1.5"), Decimal("NaN"), None),
    "fractions": objects(Fraction(1, 3), 2, 0.5),
    "huge-integers": objects(10**300, -(10**300), 1),
    "largest-floats": repeat(1.7e308, -1.7e308, 0.0),
    "denormals": repeat(5e-324, 0.0),
    "one-outlier": NUMBER.where(NUMBER.index != 3, 1e200),
    "timestamps-as-floats": 1.7e9 + NUMBER,
    "constant": repeat(7),
    "constant-and-holes": repeat(7.0, np.nan),
    "single-cell": NUMBER.where(NUMBER.index == 3),
    "none": objects(None),
    "nan": repeat(np.nan),
    "NA": objects(pd.NA),
    "NaT": repeat(pd.NaT),
    "every-missing": objects(None, np.nan, pd.NA, pd.NaT),
    "strings-every-missing": objects("a", None, np.nan, pd.NA, pd.NaT, "b"),
    "strings": repeat("a", "b", None),
    "strings-nullable": repeat("a", pd.NA, dtype="string"),
    "empty-strings": repeat("", "a"),
    "blanks": repeat("", " ", "\t", "\n"),
    "numbers-as-strings": repeat("1.5", "2", "-3e4"),
    "nan-as-string": repeat("nan", "None", "a"),
    "inf-as-string": repeat("inf", "a"),
    "emoji": repeat("🦊", "é", "e\u0301", "\u202e"),
    "half-surrogates": objects("\ud800", "a"),
    "text": TEXT,
    "text-of-one-letter": pd.Series(["x" * (row + 1) for row in range(N_ROWS)]),
    "text-with-nul": pd.Series(["\0" * (row + 1) for row in range(N_ROWS)], dtype=object),
    "text-with-surrogates": pd.Series(["\udfff" + name for name in NAMES], dtype=object),
    "text-and-holes": TEXT.where(NUMBER > -2.0),
    "very-long-text": TEXT * 2000,
    "mixed": objects("a", 1, 2.5, True, None),
    "all-distinct-mixed": pd.Series([*NAMES[:-1], 3], dtype=object),
    "categories": repeat("a", "b", None).astype("category"),
    "categories-unused": pd.Series(pd.Categorical(repeat("a", "b"), list("abcdef"))),
    "categories-ordered": pd.Series(pd.Categorical(repeat("a", "b"), ["b", "a"], ordered=True)),
    "categories-of-numbers": repeat(3.5, 1.0, None).astype("category"),
    "categories-of-dates": DATE.astype("category"),
    "categories-empty": pd.Series(pd.Categorical([None] * N_ROWS, ["a"])),
    "intervals": pd.cut(NUMBER, 3).astype(object).astype("interval"),
    "binned": pd.cut(NUMBER, 3),
    "dates": DATE,
    "dates-ns": DATE.astype("datetime64[ns]"),
    "dates-s": DATE.astype("datetime64[s]"),
    "dates-in-a-zone": DATE.dt.tz_localize("America/New_York"),
    "dates-and-holes": DATE.where(NUMBER > 0),
    "dates-constant": repeat(STAMP),
    "dates-of-two-zones": objects(STAMP, STAMP.replace(tzinfo=datetime.timezone.utc), None),
    "dates-year-1-and-9999": objects(datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
    "periods": pd.Series(pd.period_range("2020-01", periods=N_ROWS, freq="M")),
    "date-strings": DATE.dt.strftime("%Y-%m-%d"),
    "date-strings-with-zone": DATE.dt.strftime("%Y-%m-%dT%H:%M:%S+02:00"),
    "date-strings-impossible": repeat("2024-02-30", "2024-02-28"),
    "date-strings-of-two-formats": repeat("2024-02-28", "28/02/2024"),
    "durations": DURATION,
    "durations-and-holes": DURATION.where(NUMBER > 0),
    "durations-objects": objects(datetime.timedelta(1), None, np.timedelta64(3, "h")),
    "times": objects(datetime.time(7, 30), None),
    "sparse": repeat(0, 0, 3, dtype="Sparse[int]"),
    "sparse-nan": repeat(np.nan, 1.5, np.nan, dtype="Sparse[float]"),
    "sparse-flags": repeat(False, True, False, dtype="Sparse[bool]"),
    "arrow-numbers": arrow(pa.int32(), 1, None, 3),
    "arrow-decimals": arrow(pa.decimal128(5, 2), Decimal("1.5"), None),
    "arrow-strings": arrow(pa.large_string(), "a", None),
    "arrow-dictionary": arrow(pa.dictionary(pa.int8(), pa.string()), "a", None, "b"),
    "arrow-dates": arrow(pa.date32(), STAMP.date(), None),
    "arrow-stamps": arrow(pa.timestamp("ns", "Europe/Paris"), STAMP, None),
    "arrow-durations": arrow(pa.duration("s"), datetime.timedelta(1), None),
    "arrow-times": arrow(pa.time64("us"), STAMP.time(), None),
    "arrow-flags": arrow(pa.bool_(), True, None),
    "arrow-null": arrow(pa.null(), None),
}

BAD_COLUMNS = {
    "infinity": (repeat(np.inf, 1.0), "'odd' holds 24 infinite.*row 0.*replace"),
    "minus-infinity": (repeat(1.0, -np.inf), "'odd' holds 24 infinite.*row 1.*replace"),
    "infinity-nullable": (repeat(np.inf, pd.NA, dtype="Float64"), "'odd' holds.*infinite.*replace"),
    "infinity-sparse": (repeat(0, np.inf, dtype="Sparse[float]"), "'odd' holds.*infinite.*replace"),
    "integers-beyond-floats": (objects(10**400, 1), "'odd' holds.*infinite.*replace"),
    "complex": (repeat(1 + 2j, 0), "'odd' holds complex.*two columns"),
    "complex-objects": (objects(1 + 2j, "a"), "'odd' holds complex.*two columns"),
    "signalling-nan": (objects(Decimal("sNaN")), "'odd' holds signalling NaN.*replace"),
    "lists": (objects([1], [2, 3]), "'odd' holds list.*row 0.*columns of its own"),
    "arrays": (objects(np.ones(2), np.ones(3)), "'odd' holds ndarray.*columns of its own"),
    "dicts": (objects({"a": 1}, None), "'odd' holds dict.*columns of its own"),
    "sets-beside-strings": (objects("a", {1}), "'odd' holds set.*row 1.*columns of its own"),
    "objects": (objects(object()), "'odd' holds object.*leave it out"),
    "types": (objects(int, len), "'odd' holds type.*leave it out"),
    "bytes": (objects(b"a", b"b"), r"'odd' holds bytes.*decode\('utf-8'\)"),
    "dates-beside-strings": (objects(STAMP, "soon"), "'odd' holds dates beside str.*to_datetime"),
    "dates-beside-numbers": (objects(2024, STAMP), "'odd' holds dates beside int.*to_datetime"),
    "dates-beside-durations": (
        objects(STAMP, datetime.timedelta(1)),
        "'odd' holds dates beside timedelta.*to_datetime",
    ),
    "durations-beside-numbers": (
        objects(3, datetime.timedelta(1)),
        "'odd' holds durations beside int.*to_timedelta",
    ),
    "dates-beyond-pandas": (
        pd.Series(np.array(["2024", "400000"] * 24, "datetime64[s]")),
        "'odd' holds dates that pandas can't represent.*replace",
    ),
    "arrow-lists": (arrow(pa.list_(pa.int8()), [1], None), "'odd' holds.*columns of its own"),
    "arrow-records": (
        arrow(pa.struct([("a", pa.int8())]), {"a": 1}, None),
        "'odd' holds dict.*columns of its own",
    ),
    "arrow-bytes": (arrow(pa.binary(), b"a", None), "'odd' holds bytes.*decode"),
}

GOOD_TABLES = {
    "lists": ROWS,
    "tuples": tuple(map(tuple, ROWS)),
    "objects": np.array(ROWS, dtype=object),
    "strings": np.array([[str(cell) for cell in row] for row in ROWS]),
    "dates": np.c_[DAYS.to_numpy(), DAYS.to_numpy()],
    "fortran": np.asfortranarray(np.c_[NUMBERS, NUMBERS]),
    "strided": np.c_[NUMBERS, NUMBERS, NUMBERS][::-1, ::2],
    "masked": np.ma.masked_less(np.c_[NUMBERS, NUMBERS], 0.0),
    "csr": sparse.csr_array(np.c_[NUMBERS, NUMBERS]),
    "csc-matrix": sparse.csc_matrix(np.c_[NUMBERS, NUMBERS].round()),
    "coo": sparse.coo_array(np.c_[NUMBERS, NUMBERS].round()),
    "sparse-empty": sparse.csr_array((N_ROWS, 3)),
    "sparse-wide": sparse.random(N_ROWS, 2100, 0.02, random_state=0),
    "polars": pl.DataFrame(ROWS, schema=["a", "b", "c"], orient="row"),
    "arrow": pa.Table.from_pandas(pd.DataFrame(ROWS)),
    "no-names": pd.DataFrame(ROWS),
    "name-of-nothing": pd.DataFrame(ROWS, columns=["", " ", "None"]),
    "names-of-two-levels": pd.DataFrame(
        ROWS, columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)])
    ),
    "rows-of-one-name": pd.DataFrame(ROWS, index=["row"] * N_ROWS),
    "rows-of-two-levels": pd.DataFrame(
        ROWS, index=pd.MultiIndex.from_product([range(4), range(N_ROWS // 4)])
    ),
    "rows-by-date": pd.DataFrame({"text": TEXT, "date": DATE}).set_index(DAYS),
    "nothing-known": pd.DataFrame({"a": [None] * N_ROWS, "b": [np.nan] * N_ROWS}),
}

BAD_TABLES = {
    "nothing": (None, "2D array"),
    "a-number": (3.0, "2D array"),
    "a-string": ("table.csv", "."),
    "a-column": (NUMBERS, "Reshape your data"),
    "a-series": (NUMBER, "2-dimensional container"),
    "a-polars-series": (pl.Series(NUMBERS), "2-dimensional container"),
    "three-dimensions": (np.ones((N_ROWS, 2, 2)), "dim 3"),
    "ragged": ([[1.0, 2.0], [1.0]] * (N_ROWS // 2), "inhomogeneous"),
    "dicts": ([{"a": 1.0}] * N_ROWS, "2D array|argument must be a string"),
    "no-rows": (pd.DataFrame({"odd": []}), "0 sample.*minimum of 1"),
    "no-columns": (pd.DataFrame(index=range(N_ROWS)), "0 feature.*minimum of 1"),
    "sparse-without-rows": (sparse.csr_array((0, 3)), "0 sample.*minimum of 1"),
    "sparse-complex": (sparse.csr_array(np.ones((N_ROWS, 2)) * 1j), "Complex data not supported"),
    "sparse-infinity": (sparse.csr_array(np.full((N_ROWS, 2), np.inf)), "Column 0.*replace"),
    "complex": (np.ones((N_ROWS, 2)) * 1j, "Complex data not supported"),
    "infinity": (np.full((N_ROWS, 2), np.inf), "Column 0.*replace"),
    "records": (np.zeros(N_ROWS, [("odd", float)]), r"'odd'.*pandas\.DataFrame\(X\)"),
    "names-twice": (
        pd.DataFrame(np.ones((N_ROWS, 3)), columns=["odd", "b", "odd"]),
        "several columns named 'odd'.*rename",
    ),
    "names-not-unicode": (
        pd.DataFrame(np.ones((N_ROWS, 1)), columns=pd.Index(["odd\ud800"], dtype=object)),
        "valid Unicode.*odd.*rename",
    ),
    "names-of-two-types": (pd.DataFrame(np.ones((N_ROWS, 2)), columns=["odd", 1]), "string"),
    "lazy": (pl.LazyFrame({"odd": NUMBERS}), r"X\.collect\(\)"),
    "polars-lists": (pl.DataFrame({"odd": [[1.0]] * N_ROWS}), "'odd'.*columns of its own"),
    "fewer-rows-than-labels": (np.ones((3, 2)), "inconsistent numbers of samples"),
}

FRAME = pd.DataFrame({"number": NUMBERS, "odd": repeat("a", "b", "c")})
KINDS = {"number": NUMBER, "category": FRAME["odd"], "text": TEXT, "date": DATE, "span": DURATION}
EMPTY = objects(None)

LATER_COLUMNS = {
    "unseen-categories": ("category", repeat("z"), None),
    "numbers-as-categories": ("category", NUMBER, None),
    "dates-as-categories": ("category", DATE, "'odd' held categories.*now holds dates.*convert"),
    "unseen-text": ("text", TEXT + "!", None),
    "numbers-as-text": ("text", NUMBER, None),
    "dates-as-text": ("text", DATE, "'odd' held categories.*now holds dates.*convert"),
    "words-as-numbers": ("number", repeat("a"), "'odd' held numbers.*'a'.*clean"),
    "digits-as-numbers": ("number", repeat("1.5"), None),
    "flags-as-numbers": ("number", repeat(True, False), None),
    "dates-as-numbers": ("number", DATE, "'odd' held numbers.*now holds dates.*convert"),
    "infinity-later": ("number", repeat(np.inf), "'odd' holds 48 infinite.*replace"),
    "lists-later": ("number", objects([1]), "'odd' holds list.*columns of its own"),
    "intervals-as-numbers": ("number", GOOD_COLUMNS["intervals"], "'odd' held numbers.*clean"),
    "text-as-dates": ("date", DATE.dt.strftime("%Y-%m-%d %H:%M"), None),
    "words-as-dates": ("date", repeat("soon"), "'odd' held dates.*'soon'.*to_datetime"),
    "numbers-as-dates": ("date", NUMBER, "'odd' held dates.*now holds numbers.*convert"),
    "other-zone": ("date", DATE.dt.tz_localize("Asia/Tokyo"), None),
    "numbers-as-durations": ("span", NUMBER, "'odd' held durations.*now holds numbers.*convert"),
    "times-as-durations": ("span", repeat(datetime.time(3)), None),
    **{f"{kind}-then-nothing": (kind, EMPTY, None) for kind in KINDS},
    **{f"{kind}-then-NaN": (kind, repeat(np.nan), None) for kind in KINDS},
}

NUMBERS_OF_FRAME = FRAME[["number"]].assign(odd=NUMBERS)
LATER_TABLES = {
    "column-missing": (FRAME, FRAME[["number"]], "missing 'odd'.*feature_names_in_"),
    "column-new": (FRAME[["number"]], FRAME, "not seen in fit: 'odd'.*feature_names_in_"),
    "column-renamed": (FRAME, FRAME.rename(columns={"odd": "Odd"}), "missing 'odd'.*'Odd'"),
    "columns-reordered": (FRAME, FRAME[["odd", "number"]], None),
    "too-few-columns": (np.ones((N_ROWS, 3)), np.ones((4, 2)), "2 features.*expecting 3"),
    "no-rows-later": (FRAME, FRAME[:0], "0 sample.*minimum of 1"),
    "one-row-later": (FRAME, FRAME[:1], None),
    "polars-later": (FRAME, pl.from_pandas(FRAME), None),
    "dense-after-sparse": (sparse.csr_array(NUMBERS_OF_FRAME), NUMBERS_OF_FRAME.to_numpy(), None),
    "sparse-after-dense": (NUMBERS_OF_FRAME.to_numpy(), sparse.csr_array(NUMBERS_OF_FRAME), None),
    "array-after-frame": (NUMBERS_OF_FRAME, NUMBERS_OF_FRAME.to_numpy(), None),
}


@pytest.fixture(params=["classifier", pytest.param("regressor", marks=pytest.mark.slow)])
def model(request, regression_checkpoint):
    """An estimator with a small network that has learned nothing."""
    kind = TabTransferClassifier if request.param == "classifier" else TabTransferRegressor
    return kind(n_estimators=1, checkpoint=regression_checkpoint, random_state=0)


def fit(model, X):
    flags = NUMBERS > 0
    return model.fit(X, flags if isinstance(model, TabTransferClassifier) else NUMBERS)


def check_answer(model, X):
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "X does not have valid feature names")
        answer = model.predict(X)
        if isinstance(model, TabTransferClassifier):
            answer = model.predict_proba(X)
            np.testing.assert_allclose(answer.sum(1), 1.0)
    assert len(answer) == n_rows and np.isfinite(answer).all()


def check_error(message, act):
    """Check that the error is ours or scikit-learn's for bad input, not one from deep inside."""
    with pytest.raises((ValueError, TypeError), match=f"(?s){message}") as raised:
        act()
    if "odd" in message:  # TypeError is scikit-learn's for names that are not all strings
        assert isinstance(raised.value, TabTransferError)


@pytest.mark.parametrize("column", GOOD_COLUMNS.values(), ids=GOOD_COLUMNS)
def test_odd_columns_are_answered(model, column):
    X = pd.DataFrame({"number": NUMBERS, "odd": column})
    check_answer(fit(model, X), X)
    alone = fit(model, X[["odd"]])
    check_answer(alone, X[["odd"]][:1])


@pytest.mark.parametrize(("column", "message"), BAD_COLUMNS.values(), ids=BAD_COLUMNS)
def test_bad_columns_are_named_with_a_remedy(model, column, message):
    X = pd.DataFrame({"number": NUMBERS, "odd": column})
    check_error(message, lambda: fit(model, X))


@pytest.mark.parametrize("X", GOOD_TABLES.values(), ids=GOOD_TABLES)
def test_odd_tables_are_answered(model, X):
    check_answer(fit(model, X), X)


@pytest.mark.parametrize(("X", "message"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_bad_tables_say_what_is_wrong(model, X, message):
    check_error(message, lambda: fit(model, X))


@pytest.mark.parametrize(("kind", "later", "message"), LATER_COLUMNS.values(), ids=LATER_COLUMNS)
def test_other_cells_at_predict(model, kind, later, message):
    fit(model, pd.DataFrame({"number": NUMBERS, "odd": KINDS[kind]}))
    X = pd.DataFrame({"number": NUMBERS, "odd": later})
    if message is None:
        check_answer(model, X)
    else:
        check_error(message, lambda: model.predict(X))


@pytest.mark.parametrize("later", [*KINDS.values(), objects([1])], ids=[*KINDS, "lists"])
def test_any_cells_may_follow_none(model, later):
    fit(model, pd.DataFrame({"number": NUMBERS, "odd": EMPTY}))
    check_answer(model, pd.DataFrame({"number": NUMBERS, "odd": later}))


@pytest.mark.parametrize(("first", "later", "message"), LATER_TABLES.values(), ids=LATER_TABLES)
def test_other_tables_at_predict(model, first, later, message):
    fit(model, first)
    if message is None:
        check_answer(model, later)
    else:
        check_error(message, lambda: model.predict(later))
