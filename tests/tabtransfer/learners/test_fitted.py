import numpy as np
import pytest

from tabtransfer.learners import (
    BoostingSettings,
    DistinctRows,
    ForestSettings,
    KernelSettings,
    fit_learners,
    fitted,
)
from tabtransfer.preprocessing.encoder import TableEncoder

SETTINGS = (ForestSettings(20, 2), BoostingSettings(30, 3, 0.2), KernelSettings())


def make_table(n_rows=300):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 4))
    X[rng.random(X.shape) < 0.05] = np.nan
    score = np.nan_to_num(X[:, 0]) + np.abs(np.nan_to_num(X[:, 1]))
    table = TableEncoder().fit(X).transform(X)
    return table, score


def fit(table, y, n_classes, settings=SETTINGS, weights=None, **options):
    rows = DistinctRows.of(table.cells, y, weights)
    return fit_learners(table, y, n_classes, rows, settings, 5, seed=0, **options)


@pytest.fixture(params=[0, 2, 3])
def task(request):
    table, score = make_table()
    edges = {0: None, 2: [0.5], 3: [0.0, 1.0]}[request.param]
    return table, score if edges is None else np.digitize(score, edges), request.param


def test_learners_learn(task):
    table, y, n_classes = task
    known, query = table.take(slice(200)), table.take(slice(200, None))
    predicted = fit(known, y[:200], n_classes).predict(query)
    for learner in range(len(SETTINGS)):
        if n_classes:
            assert (predicted[:, learner].argmax(-1) == y[200:]).mean() > 0.7
            np.testing.assert_allclose(predicted[:, learner].sum(-1), 1.0)
        else:
            errors = predicted[:, learner, 0] - y[200:]
            assert errors.var() < 0.4 * y[200:].var()


def test_labels_that_are_noise_can_not_be_told():
    """Of rows predicted by trees that have seen them, nearly all would be right."""
    table, _ = make_table(400)
    y = np.random.default_rng(1).integers(0, 2, 400)
    own = fit(table, y, 2).out_of_fold
    for learner in range(len(SETTINGS)):
        assert abs((own[:, learner].argmax(-1) == y).mean() - 0.5) < 0.08


@pytest.mark.parametrize("n_classes", [0, 2])
def test_noise_does_not_tell_when_to_stop(n_classes):
    """Each fold's best number of trees for its own rows would say something of their labels."""
    table, _ = make_table(400)
    told = []
    for seed in range(6):
        random = np.random.default_rng(seed)
        y = random.integers(0, 2, 400) if n_classes else random.normal(size=400)
        settings = BoostingSettings(100, 4, 0.2, patience=30)
        own = fit(table, y, n_classes, (settings,)).out_of_fold[:, 0, -1]
        told.append(np.corrcoef(y, own)[0, 1])
    assert np.mean(told) < 0.03


def test_copies_tell_each_other_where_rows_recur_by_nature():
    """As they tell new rows; those that somebody repeated don't."""
    table, _ = make_table(200)
    y = np.random.default_rng(1).integers(0, 2, 200)
    for rows, tells in (
        (np.append(np.arange(200), np.arange(100)), True),
        (np.arange(400) % 200, False),
    ):
        own = fit(table.take(rows), y[rows], 2).out_of_fold[:100]
        for learner in range(2):
            right = (own[:, learner].argmax(-1) == y[:100]).mean()
            assert right > 0.7 if tells else abs(right - 0.5) < 0.15


def test_whole_weights_equal_repeated_rows(task):
    table, y, n_classes = task
    times = np.random.default_rng(1).integers(1, 4, len(y))
    order = np.random.default_rng(2).permutation(np.arange(len(y)).repeat(times))
    weighted = fit(table, y, n_classes, weights=times.astype(float))
    repeated = fit(table.take(order), y[order], n_classes)
    np.testing.assert_allclose(weighted.out_of_fold[order], repeated.out_of_fold, rtol=0, atol=1e-9)
    np.testing.assert_allclose(weighted.predict(table), repeated.predict(table), rtol=0, atol=1e-9)


@pytest.mark.parametrize("n_classes", [0, 3])
def test_in_wide_tables_splits_look_at_some_columns(n_classes):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 100))
    y = X[:, 70] + X[:, 3]
    if n_classes:
        y = np.digitize(y, [-0.5, 0.5])
    table = TableEncoder().fit(X).transform(X)
    learners = fit(table, y, n_classes, SETTINGS[1:2])
    booster = learners.fits[0][0].booster
    assert booster.get_param("rsm") == 0.64
    times = rng.integers(1, 3, len(y))
    rows = np.arange(len(y)).repeat(times)
    weighted = fit(table, y, n_classes, SETTINGS[1:2], times.astype(float))
    repeated = fit(table.take(rows), y[rows], n_classes, SETTINGS[1:2])
    np.testing.assert_allclose(weighted.out_of_fold[rows], repeated.out_of_fold, atol=1e-9)
    own = learners.out_of_fold[:, 0]
    if n_classes:
        assert (own.argmax(1) == y).mean() > 0.5
    else:
        assert np.corrcoef(own[:, 0], y)[0, 1] > 0.6


def test_a_row_alone_equals_the_row_among_others_and_threads_change_nothing(task):
    table, y, n_classes = task
    learners = fit(table, y, n_classes)
    together = learners.predict(table)
    alone = np.concatenate([learners.predict(table.take(slice(i, i + 1))) for i in range(5)])
    np.testing.assert_array_equal(alone[:, :2], together[:5, :2])
    np.testing.assert_allclose(alone, together[:5], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(
        fit(table, y, n_classes, n_threads=2).out_of_fold, learners.out_of_fold
    )
    assert learners.predict(table.take(slice(0))).shape == (0, 3, max(1, n_classes))


def test_absent_learners_say_nothing(task):
    table, y, n_classes = task
    learners = fit(table, y, n_classes, (None, SETTINGS[1]))
    assert (
        np.isnan(learners.out_of_fold[:, 0]).all()
        and not np.isnan(learners.out_of_fold[:, 1]).any()
    )
    assert np.isnan(learners.predict(table)[:, 0]).all()


def test_few_distinct_rows_and_classes_that_a_fold_lacks():
    table, _ = make_table(30)
    copies = table.take(np.zeros(30, np.int64))
    assert np.isnan(fit(copies, np.arange(30) % 2, 2).out_of_fold).all()
    rare = np.zeros(30, np.int64)
    rare[3], rare[4:8] = 1, 2
    own = fit(table, rare, 4).out_of_fold
    assert np.isfinite(own).all() and (own[..., 3] == 0.0).all()


def test_of_very_many_rows_each_fit_takes_a_sample(monkeypatch):
    monkeypatch.setattr(fitted, "MOST_ROWS", 40)
    table, score = make_table(200)
    learners = fit(table, score, 0)
    forest = learners.fits[0][0]
    assert forest.trees[0].n_node_samples[0] == 40
    assert np.isfinite(learners.out_of_fold).all()


def test_progress_is_told():  # of five folds of trees each, and one kernel
    table, score = make_table(60)
    steps = []
    fit(table, score, 0, advance=steps.append)
    assert steps == [1] * 11


def test_targets_of_any_scale():
    table, score = make_table()
    plain = fit(table, score, 0)
    moved = fit(table, 1e9 + 1e6 * score, 0)
    # Rounding may move a row across a split.
    assert np.sqrt(np.mean(((moved.out_of_fold - 1e9) / 1e6 - plain.out_of_fold) ** 2)) < 0.02
