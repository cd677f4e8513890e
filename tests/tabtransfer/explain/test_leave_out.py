import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes

from tabtransfer import (
    TabTransferClassifier,
    TabTransferError,
    TabTransferRegressor,
    leave_out_effect,
)


@pytest.fixture(scope="module")
def model():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    return TabTransferRegressor(1, random_state=0).fit(X[:100], y[:100])


@pytest.fixture
def query():
    return load_diabetes(return_X_y=True, as_frame=True)[0][100:103]


@pytest.mark.parametrize(
    ("load", "estimator"),
    [(load_breast_cancer, TabTransferClassifier), (load_diabetes, TabTransferRegressor)],
)
@pytest.mark.parametrize("trees", [False, True])
@pytest.mark.slow
def test_rows_of_most_weight_change_predictions_more_than_random_ones(load, estimator, trees):
    X, y = load(return_X_y=True, as_frame=True)
    shuffled = np.random.default_rng(0).permutation(len(X))
    train, test = shuffled[:100], shuffled[100:108]
    model = estimator(1, trees=trees, random_state=0).fit(X.iloc[train], y.iloc[train])
    rows = model.explain(X.iloc[test], n_rows=5).rows
    top = [group.tolist() for _, group in rows.groupby("query")["row"]]
    random = [np.random.default_rng(i).choice(train, 5, replace=False).tolist() for i in range(8)]
    effects = [np.abs(leave_out_effect(model, X.iloc[test], left)) for left in (top, random)]
    assert effects[0].mean() > (1.5 if trees else 2.0) * effects[1].mean()


@pytest.mark.slow
def test_it_is_the_change_of_a_new_fit(model, query):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    others = clone(model).fit(X[3:100], y[3:100])
    expected = model.predict(query) - others.predict(query)
    np.testing.assert_array_equal(leave_out_effect(model, query, [[0, 1, 2]] * 3), expected)


@pytest.mark.slow
def test_the_model_stays_as_it_is(model, query):
    before = model.predict(query)
    leave_out_effect(model, query, [[0], [], [2]])
    np.testing.assert_array_equal(model.predict(query), before)


def test_the_probability_of_a_class_without_rows_is_zero():
    X, y = np.arange(20.0)[:, None], np.arange(20) // 10
    model = TabTransferClassifier(1, random_state=0).fit(X, y)
    [effect] = leave_out_effect(model, [[2.0]], [range(10)])
    assert effect == model.predict_proba([[2.0]])[0, 0]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[0]], "rows has 1 entries, but X has 3 rows"),
        ([[0], [777], [0]], "no training rows 777"),
        ([range(100)] * 3, "All training rows"),
    ],
)
def test_rows_that_can_not_be_left_out(model, query, rows, message):
    with pytest.raises(TabTransferError, match=message):
        leave_out_effect(model, query, rows)


def test_labels_that_several_rows_have(query):
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = TabTransferRegressor(1, random_state=0).fit(X[:9].set_axis([0] * 9), y[:9])
    with pytest.raises(TabTransferError, match="reset_index"):
        leave_out_effect(model, query, [[0]] * 3)
