"""AutoGluon's arguments with a stand-in; AutoGluon itself where it is installed."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from tabtransfer.baselines.registry import GROUPS, get_method

INSTALLED = find_spec("autogluon") is not None


class Predictor:
    """Take what ``TabularPredictor`` takes, and predict class 1 with certainty."""

    def __init__(self, **settings):
        self.settings = settings

    def fit(self, train_data, **settings):
        self.train_data, self.fit_settings = train_data, settings
        return self

    def predict_proba(self, data, as_multiclass):
        assert as_multiclass and list(data) == list(self.train_data)[:-1]
        return pd.DataFrame({1: np.ones(len(data))})

    def predict(self, data):
        return pd.Series(np.full(len(data), 7.0))


@pytest.fixture
def stand_in(monkeypatch):
    module = ModuleType("autogluon.tabular")
    module.TabularPredictor = Predictor
    monkeypatch.setitem(sys.modules, "autogluon", ModuleType("autogluon"))
    monkeypatch.setitem(sys.modules, "autogluon.tabular", module)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", "0")


@pytest.fixture
def sales():
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(30), "D")
    frame = pd.DataFrame({"sold": days, "__target__": ["a", "b", None] * 10})
    return frame, np.array(["low", "mid", "high"] * 10)


@pytest.mark.parametrize("seconds", [60, 300])
def test_preset_limit_and_threads_are_passed_on(stand_in, sales, seconds):
    X, y = sales
    model = get_method(f"autogluon-best_quality-{seconds}s").make_for("multiclass", 3, 2).fit(X, y)
    made, fitted = model.model_.settings, model.model_.fit_settings
    assert (made["problem_type"], made["eval_metric"]) == ("multiclass", "log_loss")
    assert made["label"] == model.model_.train_data.columns[-1]
    assert (fitted["presets"], fitted["time_limit"]) == ("best_quality", seconds)
    assert (fitted["num_cpus"], fitted["num_gpus"]) == (2, 0)
    assert {"TABICL", "MITRA", "TABPFN-3"} <= set(fitted["excluded_model_types"])
    assert Path(made["path"]).is_dir()
    assert model.predict(X[:2]).tolist() == ["low", "low"]  # the second class, sorted
    assert model.predict_proba(X[:2]).tolist() == [[0, 1, 0]] * 2


def test_dates_reach_it_as_numbers_and_two_classes_and_numbers_have_their_metric(stand_in, sales):
    X, y = sales
    method = get_method("autogluon-best_quality-60s")
    two = method.make_for("binary", 0, 1).fit(X, y == "low")
    assert two.model_.settings["eval_metric"] == "roc_auc"
    assert (
        two.model_.train_data.dtypes.iloc[0] == np.dtype(float)
        and two.model_.train_data.shape[1] > 4
    )
    numbers = method.make_for("regression", 0, 1).fit(X, np.arange(30))
    assert numbers.model_.settings["eval_metric"] == "root_mean_squared_error"
    assert numbers.predict(X[:1]).tolist() == [7.0]


@pytest.mark.skipif(INSTALLED, reason="AutoGluon is installed")
def test_where_it_is_missing_the_way_out_is_named():
    for name in GROUPS["opponents"]:
        if name.startswith("autogluon"):
            assert 'pip install "tabtransfer[autogluon]"' in get_method(name).unavailable()


@pytest.mark.skipif(not INSTALLED, reason="AutoGluon isn't installed")
@pytest.mark.slow
def test_autogluon_itself_learns_classes_and_numbers(sales):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 3)), columns=["a", "b", "c"])
    method = get_method("autogluon-best_quality-60s")
    for task, y in (("binary", np.where(X["a"] > 0, "yes", "no")), ("regression", X["a"])):
        model = method.make_for(task, 0, 1).set_params(time_limit=20).fit(X[:200], y[:200])
        assert model.score(X[200:], y[200:]) > 0.8
