import numpy as np
import pytest
from sklearn.metrics import log_loss, root_mean_squared_error

from tabtransfer.baselines.boosting import MOST_TREES, PATIENCE
from tabtransfer.baselines.registry import get_method

NAMES = ["catboost", "lightgbm", "xgboost"]
FAST = {"learning_rate": 0.3}
# CatBoost sets these by the number of trees, unless told.
GIVEN = {"catboost": {"leaf_estimation_iterations": 5, "max_ctr_complexity": 2}}


@pytest.mark.parametrize("name", NAMES)
def test_trees_stop_where_validation_rows_profit_no_more(name, messy):
    X, y = messy
    rows = X[80:], y[80:]
    options = FAST | GIVEN.get(name, {})
    stopped = get_method(name).make(0, 1).set_params(options=options)
    stopped.fit(X[:80], y[:80], validation=rows)
    assert 1 <= stopped.n_trees_ < MOST_TREES - PATIENCE
    loss = log_loss(rows[1], stopped.predict_proba(rows[0]))
    for more in (0, PATIENCE - 5):
        fixed = get_method(name).make(0, 1)
        fixed.set_params(options=options, n_trees=stopped.n_trees_ + more).fit(X[:80], y[:80])
        other = log_loss(rows[1], fixed.predict_proba(rows[0]))
        assert other >= loss if more else other == pytest.approx(loss)


@pytest.mark.parametrize("name", NAMES)
def test_numbers_stop_too(name, messy):
    X, _ = messy
    target = X["float"].fillna(0.0).to_numpy() + np.random.default_rng(0).normal(size=len(X))
    model = get_method(name).make_regressor(0, 1).set_params(options=FAST)
    model.fit(X[:80], target[:80], validation=(X[80:], target[80:]))
    assert model.n_trees_ < MOST_TREES - PATIENCE
    assert root_mean_squared_error(target[80:], model.predict(X[80:])) < target[80:].std()


@pytest.mark.parametrize("name", NAMES)
def test_validation_rows_of_unknown_classes_are_left_out(name, messy):
    X, y = messy
    model = get_method(name).make(0, 1).set_params(options=FAST)
    model.fit(X[:80], y[:80], validation=(X[80:], y[80:]))
    stranger = y[80:].reset_index(drop=True)
    stranger[0] = "perhaps"
    other = get_method(name).make(0, 1).set_params(options=FAST)
    other.fit(X[:80], y[:80], validation=(X[80:], stranger))
    assert list(other.classes_) == ["no", "yes"]
    other_without = get_method(name).make(0, 1).set_params(options=FAST)
    other_without.fit(X[:80], y[:80], validation=(X[81:], y[81:]))
    assert np.allclose(other.predict_proba(X), other_without.predict_proba(X))
