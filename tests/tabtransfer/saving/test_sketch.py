import numpy as np
import pandas as pd

from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.saving.sketch import TableSketch

NAMES = ["number", "word"]


def make_frame(n_rows=1000):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {"number": rng.normal(size=n_rows), "word": rng.choice(list("abc"), n_rows)}
    )


def sketch(frame, labels=None):
    table = TableEncoder().fit(make_frame()).transform(frame)
    return TableSketch.of(table, np.arange(len(frame)) if labels is None else labels)


def test_rounding_makes_no_difference():
    frame = make_frame()
    rounded = frame.assign(number=frame["number"] * (1 + 1e-7))
    assert sketch(rounded).difference(sketch(frame), NAMES) == ""


def test_one_changed_cell_and_other_orders_are_named():
    frame, changed = make_frame(), make_frame()
    changed.loc[500, "word"] = "a" if frame.loc[500, "word"] != "a" else "b"
    assert sketch(changed).difference(sketch(frame), NAMES) == "other cells in 'word'"
    changed = make_frame()
    changed.loc[500, "number"] = None
    assert sketch(changed).difference(sketch(frame), NAMES) == "other cells in 'number'"
    shuffled = sketch(frame[::-1], np.arange(1000)[::-1])
    assert "'number', 'word' and the target" in shuffled.difference(sketch(frame), NAMES)


def test_other_numbers_of_rows_are_named():
    frame = make_frame()
    assert sketch(frame[:9]).difference(sketch(frame), NAMES) == "9 rows instead of 1000"


def test_huge_numbers_are_sketched():
    frame = make_frame()
    frame.loc[0, "number"] = 1e300
    labels = np.full(1000, 1e300)
    assert np.isfinite(sketch(frame, labels).columns).all()
