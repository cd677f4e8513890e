"""Columns of any cells: each is read, or named in an error."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabtransfer import TabTransferError, TabTransferRegressor
from tabtransfer.preprocessing.encoder import TableEncoder

N_ROWS = 48
NUMBERS = np.random.default_rng(0).normal(size=N_ROWS)
MISSING = st.sampled_from([None, np.nan, pd.NA, pd.NaT])
STRINGS = st.text(max_size=12)
DATES = st.dates() | st.datetimes(timezones=st.none() | st.timezones())
CELLS = {
    "numbers": st.integers() | st.floats() | st.decimals(),
    "strings": STRINGS,
    "mixed": st.integers() | STRINGS | st.booleans(),
    "dates": DATES,
    "durations": st.timedeltas() | st.times(),
    "anything": STRINGS | DATES | st.complex_numbers() | st.binary() | st.lists(st.integers()),
}
COLUMNS = st.sampled_from(sorted(CELLS)).flatmap(
    lambda kind: st.lists(MISSING | CELLS[kind], min_size=1, max_size=60)
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(first=COLUMNS, later=COLUMNS)
@pytest.mark.slow
def test_generated_columns_are_encoded_row_by_row_or_named(first, later):
    first, later = (pd.DataFrame({"odd": pd.Series(c, dtype=object)}) for c in (first, later))
    for X in (first, later):
        try:
            encoder = TableEncoder().fit(first)
            table = encoder.transform(X)
        except TabTransferError as error:
            assert "'odd'" in str(error) and len(str(error)) < 500
        else:
            assert np.isfinite(table.values).all() and not table.values[table.missing].any()
            last = encoder.transform(X[-1:])
            np.testing.assert_array_equal(last.values[0], table.values[-1])
            np.testing.assert_array_equal(last.missing[0], table.missing[-1])


@pytest.mark.slow
@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    column=st.sampled_from(["numbers", "strings", "mixed", "dates", "durations"]).flatmap(
        lambda kind: st.lists(MISSING | CELLS[kind], min_size=N_ROWS, max_size=N_ROWS)
    )
)
def test_generated_columns_are_answered_or_named(regression_checkpoint, column):
    model = TabTransferRegressor(n_estimators=1, checkpoint=regression_checkpoint, random_state=0)
    X = pd.DataFrame({"number": NUMBERS, "odd": pd.Series(column, dtype=object)})
    try:
        model.fit(X, NUMBERS)
    except TabTransferError as error:
        assert "'odd'" in str(error)
    else:
        answer = model.predict(X)
        assert len(answer) == N_ROWS and np.isfinite(answer).all()
