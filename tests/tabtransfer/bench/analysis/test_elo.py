import math

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from tabtransfer.bench.analysis.elo import elo_table, fit_elo, pairwise_wins


@pytest.mark.parametrize("share", [0.5, 0.75, 0.9])
def test_two_methods_have_a_closed_form(share):
    wins = 20 * np.array([[0, share], [1 - share, 0]])
    ratings = fit_elo(wins, anchor=1)
    assert ratings[1] == 1000
    assert ratings[0] - 1000 == pytest.approx(400 * math.log10(share / (1 - share)), abs=0.02)


def test_ratings_are_those_of_logistic_regression_on_the_same_comparisons():
    rng = np.random.default_rng(0)
    strength = rng.normal(size=6)
    n_games = rng.integers(5, 40, (6, 6))
    chance = 1 / (1 + np.exp(strength[None, :] - strength[:, None]))
    wins = rng.binomial(n_games, chance).astype(float)
    np.fill_diagonal(wins, 0)
    rows, weights = [], []
    for i, j in zip(*np.nonzero(wins), strict=True):
        rows.append(np.eye(6)[i] - np.eye(6)[j])
        weights.append(wins[i, j])
    # Each win from both sides, as the regression wants two classes.
    X = np.concatenate([rows, -np.array(rows)])
    y = np.repeat([1, 0], len(rows))
    model = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=1000)
    points = model.fit(X, y, np.tile(weights, 2)).coef_[0] * 400 / math.log(10)
    expected = points - points[2] + 1000
    assert fit_elo(wins, anchor=2) == pytest.approx(expected, abs=0.1)


def test_always_winning_is_far_above_and_leaves_the_others_where_they_are():
    wins = np.array([[0, 9, 9], [0, 0, 6], [0, 3, 0]], dtype=float)
    ratings = fit_elo(wins, anchor=2)
    assert ratings[1] - 1000 == pytest.approx(400 * math.log10(2), abs=0.1)
    assert 2000 < ratings[0] < 5000


def test_a_method_that_met_nobody_has_no_rating():
    wins = np.array([[0, 2, 0], [1, 0, 0], [0, 0, 0]], dtype=float)
    ratings = fit_elo(wins)
    assert math.isnan(ratings[2])
    assert np.nanmean(ratings) == pytest.approx(1000)


def test_each_family_counts_once_whatever_its_tables_and_splits(make_results):
    scores = {"d1": {"a": 0.9, "b": 0.8}, "d2": {"a": 0.9, "b": 0.8}, "e": {"a": 0.7, "b": 0.8}}
    results = make_results(scores, n_splits=3, offsets=(0.0, 0.01, 0.02))
    results.loc[results["table"] != "e", "family"] = "d"
    one_split_lost = (results["table"] == "d1") & (results["split"] > 0)
    results = results[~one_split_lost]
    methods, wins = pairwise_wins(results)
    assert methods == ["a", "b"]
    assert wins.tolist() == [[[0, 1], [0, 0]], [[0, 0], [1, 0]]]


def test_ties_are_half_wins_and_unmet_pairs_nothing(make_results):
    results = make_results({"t": {"a": 0.8, "b": 0.8, "c": None}, "u": {"c": 0.5}})
    methods, wins = pairwise_wins(results)
    assert methods == ["a", "b", "c"]
    assert wins[0].tolist() == [[0, 0.5, 0], [0.5, 0, 0], [0, 0, 0]]
    assert not wins[1].any()


def test_the_forest_has_a_thousand_and_intervals_hold_the_fit(make_results):
    scores = {
        f"t{i}": {
            "random-forest": 0.8,
            "catboost": 0.82 if i % 4 else 0.79,
            "linear": 0.79 if i % 3 else 0.81,
        }
        for i in range(12)
    }
    ratings = elo_table(make_results(scores))
    assert ratings.loc["random-forest"].tolist() == [1000, 1000, 1000]
    assert ratings.loc["catboost", "elo"] > 1000 > ratings.loc["linear", "elo"]
    assert (ratings["elo_low"] <= ratings["elo"]).all()
    assert (ratings["elo_high"] >= ratings["elo"]).all()


def test_nothing_finished_gives_no_ratings(make_results):
    assert isinstance(elo_table(make_results({"t": {"a": None}})), pd.DataFrame)
    assert elo_table(make_results({"t": {"a": None}})).empty


def test_few_tables_rate_nobody(make_results):
    few = make_results({f"t{i}": {"a": 0.9, "b": 0.8} for i in range(5)})
    assert elo_table(few).isna().all(axis=None)
    enough = make_results({f"t{i}": {"a": 0.9, "b": 0.8 + 0.02 * i} for i in range(6)})
    assert elo_table(enough)["elo"].notna().all()
