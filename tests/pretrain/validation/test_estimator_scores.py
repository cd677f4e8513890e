"""The bench scores what it says it scores, and measures opponents once."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from tabtransfer.baselines.method import Method
from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.real_tables.real_table import RealTable
from tabtransfer.pretrain.validation.estimator_scores import (
    normalised_scores,
    score_methods,
    summarise,
)
from tabtransfer.pretrain.validation.score_cache import ScoreCache

LINEAR = Method("linear", lambda random_state, n_threads: LogisticRegression())
METHODS = ("ours", "catboost", "random-forest", "class-shares")


def table(name: str = "line", n_rows: int = 60) -> RealTable:
    """Make a table whose class is a noisy threshold, one row without a class."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(n_rows, 2)), columns=list("ab"))
    high = frame["a"] + 0.3 * generator.normal(size=n_rows) > 0.4
    y = high.map({True: "yes", False: "no"})
    y.iloc[3] = None
    return RealTable(name, frame, y)


def made_up(name: str, roc_auc: tuple[float, ...], log_loss: tuple[float, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {"table": name, "split": 0, "method": METHODS, "roc_auc": roc_auc, "log_loss": log_loss}
    )


def test_opponents_are_measured_once_and_contenders_every_time(tmp_path):
    path = tmp_path / "cache.json"
    first = score_methods([table()], [LINEAR], 1, ScoreCache(path))
    assert first["method"].tolist() == ["linear", "catboost", "random-forest", "class-shares"]
    kept = json.loads(path.read_text())
    assert {entry["method"] for entry in kept.values()} == {"catboost", "random-forest"}
    for entry in kept.values():
        entry["scores"]["roc_auc"] = 0.125
    path.write_text(json.dumps(kept))
    again = score_methods([table("renamed")], [LINEAR], 1, ScoreCache(path))
    assert again["roc_auc"].tolist() == [first["roc_auc"][0], 0.125, 0.125, 0.5]
    assert again["log_loss"].tolist() == first["log_loss"].tolist()


def test_class_shares_and_a_model_get_their_known_scores():
    data = table(n_rows=101)
    scores = score_methods([data], [LINEAR], 1).set_index("method")
    share = (data.y == "yes").sum() / data.y.notna().sum()
    entropy = -(share * np.log(share) + (1 - share) * np.log(1 - share)) / np.log(2)
    assert scores.loc["class-shares", "log_loss"] == pytest.approx(entropy, abs=0.02)
    assert scores.loc["linear", "roc_auc"] > 0.9
    assert scores.loc["linear", "log_loss"] < 0.7 * entropy


@pytest.mark.slow
def test_more_splits_leave_the_first_as_it_was():
    cache = ScoreCache()
    one = score_methods([table()], [LINEAR], 1, cache)
    two = score_methods([table()], [LINEAR], 2, cache)
    pd.testing.assert_frame_equal(two[two["split"] == 0].reset_index(drop=True), one)
    assert two["split"].tolist() == [0] * 4 + [1] * 4


def test_score_is_cut_and_small_gains_have_a_floor():
    scores = pd.concat(
        [
            made_up("easy", (0.9, 0.7, 0.6, 0.5), (0.2, 0.8, 0.9, 1.0)),  # 2, 4 -> 2
            made_up("flat", (0.51, 0.52, 0.5, 0.5), (0.99, 1.2, 1.3, 1.0)),  # 0.2, 0.2
        ]
    )
    assert normalised_scores(scores, ["roc_auc"])["ours"].to_dict() == pytest.approx(
        {"easy": 2.0, "flat": 0.2}
    )
    assert normalised_scores(scores)["ours"].to_dict() == pytest.approx({"easy": 2.0, "flat": 0.2})
    assert normalised_scores(scores).loc["flat", "catboost"] == pytest.approx((0.4 - 1.0) / 2)
    summary = summarise(scores)
    assert summary.loc["ours", "score"] == pytest.approx(1.1)
    assert summary.loc["ours", "low"] <= 1.1 <= summary.loc["ours", "high"]
    assert summary.loc["ours", "score_log_loss"] == pytest.approx(1.1)


def test_wins_are_counted_by_each_metric_with_ties_as_halves():
    scores = pd.concat(
        [
            made_up("a", (0.8, 0.7, 0.9, 0.5), (0.5, 0.5, 0.6, 1.0)),
            made_up("b", (0.8, 0.801, 0.9, 0.5), (0.5, 0.4, 0.6, 1.0)),
        ]
    )
    ours = summarise(scores).loc["ours"]
    assert ours["won_catboost_roc_auc"] == 0.75
    assert ours["won_catboost_log_loss"] == 0.25
    assert ours["won_random-forest_roc_auc"] == 0.0
    assert ours["won_random-forest_log_loss"] == 1.0


def test_what_cannot_be_scored_is_named():
    with pytest.raises(TabTransferError, match="no tables"):
        score_methods([], [LINEAR])
    flat = RealTable("flat", pd.DataFrame({"a": range(9)}), pd.Series(["x"] * 9))
    with pytest.raises(TabTransferError, match=r"'flat'.*two or more classes"):
        score_methods([flat], [LINEAR])
