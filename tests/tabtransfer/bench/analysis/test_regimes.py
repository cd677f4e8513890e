import pytest

from tabtransfer.bench.analysis.regimes import decide, judge_regimes, label_tables
from tabtransfer.gains import Gain

SCORES = {
    f"t{i}": {"a": 0.9, "b": 0.8} if i < 7 else {"a": 0.8, "b": 0.9, "c": None} for i in range(14)
}


@pytest.fixture
def results(make_results):
    """Method a wins on the seven small tables, b on the seven large ones."""
    results = make_results(SCORES)
    large = results["table"].isin([f"t{i}" for i in range(7, 14)])
    results.loc[large, "n_rows"] = 5000
    results.loc[large, "n_categorical"] = 4
    return results


def test_each_regime_has_its_winner(results):
    regimes = {regime.name: regime for regime in judge_regimes(results)}
    small, large = regimes["rows: up to 500"], regimes["rows: 2,000 to 10,000"]
    assert (small.winner, small.runner_up, small.state) == ("a", "b", "supported")
    assert small.gain.mean == pytest.approx(0.5)  # errors of 0.1 and 0.2
    assert (small.gain.wins, small.gain.losses) == (7, 0)
    assert (large.winner, large.state) == ("b", "supported")
    assert regimes["all tables"].state == "undecided"
    assert small.seconds["a"] == pytest.approx(2.5)


def test_tables_are_labelled_by_what_they_are(results):
    labels = label_tables(results)
    assert len(labels["all tables"]) == 14
    assert labels["categorical columns, %: none"] == [f"t{i}" for i in range(7)]
    assert labels["categorical columns, %: 50 to 100"] == [f"t{i}" for i in range(7, 14)]
    assert len(labels["classes: up to 2"]) == 14
    assert "columns: above 50" not in labels


def test_a_family_is_no_proof(results):
    results["family"] = results["table"].where(results["n_rows"] > 1000, "digits")
    regimes = {regime.name: regime for regime in judge_regimes(results)}
    assert regimes["rows: up to 500"].gain.n_tables == 1
    assert regimes["rows: up to 500"].state == "undecided"


def test_an_interval_below_zero_contradicts():
    assert decide(Gain(8, -0.1, -0.2, -0.01, 1, 0, 7)) == "contradicted"
    assert decide(Gain(5, 0.1, 0.05, 0.2, 5, 0, 0)) == "undecided"


def test_the_best_of_ours_meets_the_best_of_the_others(make_results):
    row = {"tabtransfer": 0.9, "tabtransfer-finetuned": 0.91, "linear": 0.7, "catboost": 0.8}
    overall = judge_regimes(make_results({f"t{i}": row for i in range(7)}))[0]
    assert (overall.winner, overall.runner_up) == ("tabtransfer-finetuned", "catboost")
    assert overall.gain.mean == pytest.approx(1 - 0.09 / 0.2)
