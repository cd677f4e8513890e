import numpy as np
import pandas as pd
import pytest

from tabtransfer.bench.measure.user_table import read_user_table
from tabtransfer.errors import TabTransferError


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=60), "shop": rng.choice(["a", "b"], 60)})
    return frame.assign(buys=np.where(frame["size"] > 0, "yes", "no"), spent=3 * frame["size"])


@pytest.mark.parametrize("suffix", ["csv", "parquet", "feather"])
def test_the_table_and_its_card(frame, tmp_path, suffix):
    path = tmp_path / f"shops.{suffix}"
    write = {"csv": "to_csv", "parquet": "to_parquet", "feather": "to_feather"}[suffix]
    getattr(frame, write)(path, **({"index": False} if suffix == "csv" else {}))
    table, rows = read_user_table([path], "buys", drop=["spent"])
    assert (table.name, table.task, table.metadata.n_classes) == ("shops", "binary", 2)
    assert (table.metadata.n_columns, table.metadata.n_categorical, table.metadata.kind) == (
        2,
        1,
        "mixed",
    )
    assert table.y.name == "buys"
    assert rows.X.equals(table.X)
    numbers, _ = read_user_table([path], "spent")
    assert (numbers.task, numbers.metadata.n_classes) == ("regression", None)


@pytest.mark.parametrize(
    ("change", "settings", "message"),
    [
        ({}, {"target": "sold"}, "no column 'sold'; it has 'size', 'shop', 'buys', 'spent'"),
        ({"buys": "yes"}, {}, "same value in all rows"),
        ({"buys": [f"n{i}" for i in range(60)]}, {}, "60 different values .* names rows"),
        (
            {"buys": [f"n{i}" for i in range(60)]},
            {"task": "classification"},
            "60 classes, of which 60 have fewer than 3",
        ),
        ({}, {"task": "regression"}, "isn't numbers, so it can't be learned by regression"),
    ],
)
def test_what_cannot_be_compared_on_is_said(frame, tmp_path, change, settings, message):
    path = tmp_path / "shops.csv"
    frame.assign(**change).to_csv(path, index=False)
    with pytest.raises(TabTransferError, match=message):
        read_user_table([path], **{"target": "buys", **settings})


def test_few_rows_are_too_few(frame, tmp_path):
    frame[:29].to_csv(tmp_path / "shops.csv", index=False)
    with pytest.raises(
        TabTransferError, match="has 29 rows with a target, and a comparison needs at least 30"
    ):
        read_user_table([tmp_path / "shops.csv"], "buys")


def test_rows_without_a_target_are_left_out_as_in_fit(frame, tmp_path):
    frame.assign(buys=[None, *frame["buys"][1:]]).to_csv(tmp_path / "shops.csv", index=False)
    table, rows = read_user_table([tmp_path / "shops.csv"], "buys")
    assert len(table.X) == len(table.y) == 59 and rows.n_without_target == 1
