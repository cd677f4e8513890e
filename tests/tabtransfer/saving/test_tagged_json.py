import datetime
import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.saving.tagged_json import from_json, to_json


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        2**70,
        0.1,
        float("-inf"),
        "word",
        [1, [2.0]],
        ("a", 1),
        {1: "one", "1": None, ("a", 2): 0.5},
        Decimal("1.10"),
        b"bytes\xff",
        datetime.time(1, 2, 3, 4),
        datetime.date(2024, 2, 29),
        np.datetime64("2024-02-29"),
        np.datetime64("2024", "5Y"),
        np.datetime64("2024-02-29T01:02:03.000000004"),
        np.timedelta64(5, "15m"),
        datetime.datetime(2024, 2, 29, 1, 2, 3, 4),
        pd.Timestamp("2024-02-29", tz="UTC"),
        pd.Timedelta("1D 2us"),
        pd.Period("2024-02", "M"),
        pd.Interval(0.5, 2.0, closed="both"),
    ],
    ids=repr,
)
def test_values_come_back_with_their_types(value):
    found = from_json(json.loads(json.dumps(to_json(value), allow_nan=False)))
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize("value", [np.int32(3), np.float32(0.5), np.bool_(True), np.str_("a")])
def test_scalars_of_numpy_come_back_as_those_of_python(value):
    found = from_json(to_json(value))
    assert found == value and type(found) is type(value.item())


@pytest.mark.parametrize("value", [object(), pd.NaT, {"a": {1, 2}}])
def test_other_values_are_refused(value):
    with pytest.raises(TabTransferError, match="can't be written as JSON"):
        to_json(value)
