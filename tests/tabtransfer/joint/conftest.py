"""A table of columns of several kinds, one of which follows from another."""

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def table():
    rng = np.random.default_rng(0)
    n_rows = 80
    size = rng.normal(size=n_rows)
    frame = pd.DataFrame(
        {
            "size": size,
            "double": 2.0 * size + 0.1 * rng.normal(size=n_rows),
            "sign": np.where(size > 0.0, "plus", "minus"),
            "whole": (20 * size).round().astype(np.int64),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta((100 * size).round(), unit="D"),
            "flag": size > 0.5,
        }
    )
    return frame
