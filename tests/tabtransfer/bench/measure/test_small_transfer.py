import numpy as np
import pandas as pd
import pytest

from tabtransfer.bench.commands.small_transfer import small_transfer
from tabtransfer.bench.measure import small_transfer as measure
from tabtransfer.bench.measure.small_transfer import METHODS, SmallTransfer, largest_groups
from tabtransfer.errors import TabTransferError


@pytest.fixture
def table():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": random.normal(size=160), "town": ["x", "y"] * 80})
    return frame, 2.0 * frame["a"] + random.normal(size=160)


class Mean:
    """Predict the mean of the targets."""

    def fit(self, X, y, related=None):
        X, y = (X, y) if related is None else related
        self.columns, self.mean = list(X), y.mean()
        return self

    def predict(self, X):
        assert list(X) == self.columns
        return np.full(len(X), self.mean)


def test_all_ways_are_measured_on_rows_that_none_learned_from(table, regression_checkpoint):
    options = {"checkpoint": regression_checkpoint, "trees": False, "n_estimators": 1}
    experiment = SmallTransfer(*table, "town", "regression", options, tuning_steps=1)
    found = pd.DataFrame(experiment.measure("x", [8, 16, 64]))
    assert found["rows"].unique().tolist() == [8, 16]  # 64 would leave 16 to test
    assert found["method"].tolist() == [*METHODS, *METHODS]
    assert np.isfinite(found["loss"]).all()
    losses = found.set_index(["rows", "method"])["loss"]
    assert losses[8, "in-context"] != losses[8, "related rows in context"]


def test_the_loss_of_guessing_is_one(table, monkeypatch):
    experiment = SmallTransfer(*table, "town", "regression", {})
    monkeypatch.setattr(SmallTransfer, "_estimator", lambda self, **more: Mean())
    monkeypatch.setattr(SmallTransfer, "_tune", lambda self, related, path: None)
    found = pd.DataFrame(experiment.measure("y", [16])).set_index("method")["loss"]
    assert found["in-context"] == pytest.approx(1.0)
    assert found["related rows in context"] != found["in-context"]


def test_groups_are_large_enough_or_refused():
    by = pd.Series(["a"] * 70 + ["b"] * 70 + ["c"] * 9, name="town")
    assert sorted(largest_groups(by, 16, 8)) == ["a", "b"]
    with pytest.raises(TabTransferError, match="'town' has 0 groups of 150 rows"):
        largest_groups(by, 100, 8)


def test_the_command_writes_losses_and_shows_gains(table, tmp_path, monkeypatch, capsys):
    X, y = table
    X.assign(price=y).to_csv(tmp_path / "t.csv", index=False)
    fake = [{"group": g, "rows": 16, "method": m, "loss": 0.5} for g in "xy" for m in METHODS]
    monkeypatch.setattr(
        measure.SmallTransfer,
        "measure",
        lambda self, group, sizes: [row for row in fake if row["group"] == group],
    )
    out = tmp_path / "l.csv"
    small_transfer([str(tmp_path / "t.csv")], "price", "town", out, rows="16")
    assert len(pd.read_csv(out)) == 2 * len(METHODS)
    said = capsys.readouterr().out
    assert all(method in said for method in METHODS) and "+0.000 to +0.000" in said
    with pytest.raises(TabTransferError, match="no column 'city'"):
        small_transfer([str(tmp_path / "t.csv")], "price", "city", out, rows="16")
