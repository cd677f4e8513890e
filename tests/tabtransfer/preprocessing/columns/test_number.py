import datetime

import numpy as np
import pandas as pd
import pyarrow
import pytest

from tabtransfer.preprocessing.columns import UnsupportedColumnError
from tabtransfer.preprocessing.columns.number import DurationColumn


@pytest.mark.parametrize(
    "cells",
    [
        pd.to_timedelta([1.0, 2.0, 4.0, None], unit="h"),
        [datetime.timedelta(hours=hours) for hours in (1, 2, 4)] + [pd.NaT],
        [datetime.time(1), datetime.time(2), datetime.time(4), None],
        pd.Series([*np.array([1, 2, 4], "timedelta64[h]"), None], dtype=object),
        pd.array(
            [*map(datetime.timedelta, (0,) * 3, (3600, 7200, 14400)), None],
            dtype=pd.ArrowDtype(pyarrow.duration("s")),
        ),
    ],
    ids=["timedelta64", "timedelta", "time", "numpy", "arrow"],
)
def test_durations_become_seconds(cells):
    column = pd.Series(cells)
    learned = DurationColumn.learn(column, "z")
    assert learned.seconds.centre == 7200.0
    np.testing.assert_allclose(
        learned.encode(column, "z")[:, 0], [-1 / 1.5, 0.0, 2 / 1.5, np.nan], atol=1e-12
    )


def test_short_durations_keep_their_digits_beside_long_ones():
    column = pd.Series(pd.to_timedelta([0, 1, 10**12], unit="us"))
    values = DurationColumn.learn(column, "z").encode(column, "z")[:, 0]
    assert values[1] > values[0]


@pytest.mark.parametrize("later", [[1, 2], ["1 days", "2 days"], [True, False]])
def test_only_durations_may_follow_durations(later):
    learned = DurationColumn.learn(pd.Series(pd.to_timedelta([1, 2], unit="s")), "z")
    with pytest.raises(UnsupportedColumnError, match=r"'z' held durations in fit, but now holds"):
        learned.encode(pd.Series(later), "z")
    assert np.isnan(learned.encode(pd.Series([None, None]), "z")).all()
