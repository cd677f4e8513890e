import socket

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a network connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def messy():
    """Return a frame with every kind of column and missing value, and labels it predicts."""
    rng = np.random.default_rng(0)
    n_rows = 120
    signal = rng.normal(size=n_rows)

    def with_gaps(values, gap):
        column = pd.Series(values, dtype=object)
        column[rng.random(n_rows) < 0.15] = gap
        return column

    X = pd.DataFrame(
        {
            "float": with_gaps(signal, np.nan).astype(float),
            "int": rng.integers(0, 9, n_rows),
            "nullable int": with_gaps(rng.integers(0, 9, n_rows), pd.NA).astype("Int64"),
            "numbers as objects": with_gaps(signal * 2, None),
            "string": with_gaps(np.where(signal > 0, "up", "down"), None),
            "nullable string": with_gaps(rng.choice(["x", "y"], n_rows), pd.NA).astype("string"),
            "category": with_gaps(rng.choice(["red", "blue"], n_rows), np.nan).astype("category"),
            "number category": pd.Series(rng.integers(1, 4, n_rows)).astype("category"),
            "bool": rng.random(n_rows) < 0.5,
            "nullable bool": with_gaps(rng.random(n_rows) < 0.5, pd.NA).astype("boolean"),
            "all missing": np.full(n_rows, np.nan),
        }
    )
    y = pd.Series(np.where(signal + rng.normal(scale=0.3, size=n_rows) > 0, "yes", "no"))
    return X, y
