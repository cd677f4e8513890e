import copy
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import norm

from tabtransfer import TabTransferClassifier, TabTransferRegressor, load
from tabtransfer.errors import TabTransferError
from tabtransfer.finetune.config import FinetuneRecord
from tabtransfer.inference import rows_for_shares
from tabtransfer.inference import shares as finding
from tabtransfer.inference.blend import Blend
from tabtransfer.inference.distribution import quantile_means
from tabtransfer.inference.rows_for_shares import rows_to_ask_about, rows_to_keep_back
from tabtransfer.inference.shares import fit_shares_of_classes, fit_shares_of_numbers
from tabtransfer.inference.untaught import Untaught
from tabtransfer.network.quantiles import quantile_levels
from tabtransfer.preprocessing.encoded_table import EncodedTable
from tabtransfer.preprocessing.labelled_table import LabelledTable


def held_back(labels, learners, n_classes, weights=None):
    cells = np.arange(len(labels), dtype=np.float32)[:, None]
    none = np.zeros(1, bool), np.zeros(1, np.int64)
    table = EncodedTable(cells, np.isnan(cells), *none, learners)
    return LabelledTable(table, labels, n_classes, weights)


def quantiles(means, spread=0.1):
    """Return quantiles as the network predicts them, of normal distributions."""
    return means[:, None] + spread * norm.ppf(quantile_levels(99))


def classes(n_rows=2000, seed=0):
    """Draw classes from a mixture: .3 of the network's probabilities, .7 of the learner's."""
    random = np.random.default_rng(seed)
    network, learner = random.dirichlet([0.5] * 3, n_rows), random.dirichlet([0.5] * 3, n_rows)
    truth = 0.3 * network + 0.7 * learner
    labels = (random.random((n_rows, 1)) > truth.cumsum(1)).sum(1).clip(max=2)
    return network, learner, labels


def test_shares_of_a_mixture_are_found():
    network, learner, labels = classes(20_000)
    shares = fit_shares_of_classes(network, held_back(labels, learner[:, None], 3)).shares
    assert shares == pytest.approx((0.3, 0.7), abs=0.03)


def test_shares_are_the_most_likely_ones(monkeypatch):
    monkeypatch.setattr(finding, "_DECIMALS", 8)
    monkeypatch.setattr(finding, "_PRIOR_CLASSES", 0.0)
    network, learner, labels = classes()
    own = np.stack([network, learner], 1)[np.arange(len(labels)), :, labels]
    best = minimize(lambda x: -np.log(own @ [x[0], 1 - x[0]]).sum(), [0.5], bounds=[(0, 1)])
    shares = fit_shares_of_classes(network, held_back(labels, learner[:, None], 3)).shares
    assert shares[0] == pytest.approx(best.x[0], abs=1e-3)


def test_few_rows_that_tell_are_enough_for_a_better_learner():
    """98 of 100 rows are of a class that both predict; what is learned of it is in the others."""
    labels = (np.arange(1000) % 50 == 0).astype(np.int64)
    network = np.where(labels == 1, 0.3, 0.02)
    learner = np.where(labels == 1, 0.6, 0.02)
    both = (np.stack([1 - p, p], 1) for p in (network, learner))
    network, learner = both
    assert fit_shares_of_classes(network, held_back(labels, learner[:, None], 2)).shares[1] > 0.8


def test_means_are_combined_by_least_squares(monkeypatch):
    monkeypatch.setattr(finding, "_DECIMALS", 8)
    monkeypatch.setattr(finding, "_PRIOR_ROWS", 0.0)
    random = np.random.default_rng(0)
    truth = 1e4 + 300.0 * random.normal(size=500)
    one, two = (truth + noise * random.normal(size=500) for noise in (100.0, 200.0))
    shares = fit_shares_of_numbers(quantiles(one), held_back(truth, two[:, None, None], 0)).shares
    difference = one - two
    best = (difference @ (truth - two)) / (difference @ difference)
    assert shares == pytest.approx((best, 1 - best), abs=1e-4) and 0.7 < best < 0.9


@pytest.mark.parametrize("n_classes", [0, 3])
def test_whole_weights_are_repeated_rows(n_classes):
    network, learner, labels = classes(400)
    if not n_classes:
        network, learner = quantiles(network[:, 0]), learner[:, :1]
        labels = labels.astype(float)
    times = np.random.default_rng(1).integers(1, 4, len(labels))
    rows = np.arange(len(labels)).repeat(times)
    weighted = held_back(labels, learner[:, None], n_classes, times.astype(float))
    repeated = held_back(labels[rows], learner[rows, None], n_classes)
    fit_shares = fit_shares_of_classes if n_classes else fit_shares_of_numbers
    assert fit_shares(network, weighted) == fit_shares(network[rows], repeated)


def test_what_says_nothing_or_is_absent_has_no_share():
    labels = classes()[2]
    learners = np.full((len(labels), 2, 3), 1 / 3)
    learners[:, 1] = np.nan
    truth = np.eye(3)[labels] * 0.9 + 0.1 / 3
    shares = fit_shares_of_classes(truth, held_back(labels, learners, 3)).shares
    assert shares == (1.0, 0.0, 0.0)
    assert Blend(shares).mix(truth, learners) == pytest.approx(truth)


def test_rows_are_kept_back_of_large_tables_alone():
    labels = np.append(np.arange(6000) % 2, [2] * 10)
    training = held_back(labels, np.full((6010, 1, 3), 1 / 3), 3)
    rows = rows_to_keep_back(training, 4096, seed=0)
    assert len(rows) == 1000 and (np.diff(rows) > 0).all()
    assert rows.max() < 6000  # a rare class stays with the network
    assert np.array_equal(rows, rows_to_keep_back(training, 4096, seed=0))
    assert len(rows_to_keep_back(training, 5800, seed=0)) == 0
    assert len(rows_to_keep_back(held_back(labels, None, 3), 4096, seed=0)) == 0


@pytest.fixture(scope="module", params=["classes", "numbers"])
def case(request):
    random = np.random.default_rng(0)
    X = random.normal(size=(900, 3))
    score = np.sin(3 * X[:, 0]) + (X[:, 1] > 0.5) * X[:, 2]
    kind = TabTransferClassifier if request.param == "classes" else TabTransferRegressor
    y = score > 0.2 if request.param == "classes" else 50.0 * score
    model = kind(1, max_context_rows=100, random_state=0, n_threads=1)
    return model.fit(X[:700], y[:700]), X, y


def predict(model, X):
    classifies = isinstance(model, TabTransferClassifier)
    return model.predict_proba(X) if classifies else model.predict(X)[:, None]


def test_no_member_reads_the_rows_kept_back(case):
    model, _, _ = case
    rows = rows_to_keep_back(model.ensemble_.training, 100, model.fitted_.seed)
    assert len(rows) == 350
    for task in model.ensemble_.tasks():
        assert not np.isin(task.rows, rows).any() and len(task.rows) == 100


def test_predictions_are_mixed(case):
    model, X, _ = case
    shares = model.fitted_.blend.shares
    assert 0.0 < shares[0] < 1.0
    frame = model.encoder_.align(X[700:])
    query = model.fitted_.encode(frame)
    alone = model.fitted_.unmixed(model.fitted_.network.get(), query)
    if isinstance(model, TabTransferRegressor):
        alone = quantile_means(alone)
    expected = shares[0] * alone + np.einsum("l,rlk->rk", shares[1:], query.learners)
    way = np.abs(expected - alone)  # which distributions are tilted to go
    assert (np.abs(predict(model, X[700:]) - expected) <= 0.01 * way + 1e-5).all()


def test_quantiles_move_with_the_mean(case):
    model, X, _ = case
    if isinstance(model, TabTransferClassifier):
        pytest.skip("classes have no quantiles")
    distribution = model.predict(X[700:], output="distribution")
    assert distribution.mean() == pytest.approx(model.predict(X[700:]))
    assert (np.diff(model.predict(X[700:], output="quantiles"), axis=1) >= 0).all()


def test_a_saved_model_mixes_as_before(case, tmp_path):
    model, X, _ = case
    model.save(tmp_path / "model")
    again = load(tmp_path / "model")
    assert again.fitted_.blend == model.fitted_.blend
    assert np.array_equal(predict(again, X[700:]), predict(model, X[700:]))


def test_it_is_better_than_the_network_alone(case):
    model, X, y = case
    query = model.fitted_.encode(model.encoder_.align(X[700:]))
    alone, mixed = (
        model.fitted_.unmixed(model.fitted_.network.get(), query),
        predict(model, X[700:]),
    )
    if isinstance(model, TabTransferClassifier):
        own = y[700:].astype(int)
        losses = [-np.log(p[np.arange(200), own]).mean() for p in (alone, mixed)]
    else:
        losses = [((p[:, 0] - y[700:]) ** 2).mean() for p in (alone, mixed)]
    assert losses[1] < 0.97 * losses[0]


def test_a_third_of_the_rows_is_asked_about_numbers():
    targets = np.random.default_rng(0).normal(size=1200)
    targets[:12] = 500.0  # as many of those that the network can't reach
    training = held_back(targets, targets[:, None, None], 0)
    rows = rows_to_ask_about(training, seed=0)
    assert len(rows) == 400 and (rows < 12).sum() == 4 and (np.diff(rows) > 0).all()
    assert np.array_equal(rows, rows_to_ask_about(training, seed=0))
    assert len(rows_to_ask_about(held_back(targets, None, 0), seed=0)) == 0


def test_where_all_rows_asked_about_have_the_target_zero():
    means = np.linspace(1.0, 2.0, 100)
    learners = np.stack([np.full(100, 1e9), np.full(100, np.nan)], 1)[..., None]
    blend = fit_shares_of_numbers(quantiles(means), held_back(np.zeros(100), learners, 0))
    assert np.isfinite(blend.spread)
    assert blend.shares == (1.0, 0.0, 0.0)


@pytest.mark.parametrize(("n_kinds", "asks"), [(1, False), (2, False), (3, True)])
def test_not_all_rows_are_asked_about_where_most_are_copies(n_kinds, asks):
    targets = np.random.default_rng(0).normal(size=300)
    training = held_back(targets, targets[:, None, None], 0)
    cells = (np.arange(300.0, dtype=np.float32) % n_kinds)[:, None]
    training = replace(training, table=replace(training.table, values=cells))
    rows = rows_to_ask_about(training, seed=0)
    assert len(rows) == (100 if asks else 0)
    assert len(np.unique(cells[rows])) == (1 if asks else 0)


@pytest.mark.parametrize(
    ("n_rows", "n_classes", "n_asked"), [(3000, 2, 1000), (2999, 2, 0), (3000, 11, 0)]
)
def test_rows_of_few_classes_are_asked_about_in_larger_tables(n_rows, n_classes, n_asked):
    labels = np.arange(n_rows) % n_classes
    training = held_back(labels, np.full((n_rows, 1, n_classes), 1.0 / n_classes), n_classes)
    assert len(rows_to_ask_about(training, seed=0)) == n_asked


def test_rows_of_rare_classes_are_not_asked_about():
    labels = np.where(np.arange(3000) < 19, 2, np.arange(3000) % 2)
    rows = rows_to_ask_about(held_back(labels, np.full((3000, 1, 3), 1.0 / 3.0), 3), seed=0)
    assert 990 <= len(rows) <= 1000 and rows.min() >= 19


def test_of_classes_in_a_table_read_whole_a_part_is_the_learners(monkeypatch):
    monkeypatch.setattr(rows_for_shares, "_FEWEST_OF_CLASSES", 300)
    random = np.random.default_rng(0)
    X = random.integers(0, 7, (700, 2)).astype(float)
    table = random.random((7, 7)) < 0.5  # no line divides it: what trees find out, networks don't
    y = table[X.astype(int)[:, 0], X.astype(int)[:, 1]] ^ (random.random(700) < 0.1)
    X = np.hstack([X, random.normal(size=(700, 8))])
    model = TabTransferClassifier(1, random_state=0, n_threads=1).fit(X, y)
    assert 0.75 <= model.fitted_.blend.shares[0] < 1.0
    assert len(model.ensemble_.tasks()[0].rows) == 700


def test_a_part_of_the_way_to_shares_of_classes():
    network, learner, labels = classes(1000)
    asked = held_back(labels, learner[:, None], 3)
    shares = [fit_shares_of_classes(network, asked, part).shares[1] for part in (1.0, 0.25)]
    assert shares[1] == pytest.approx(0.25 * shares[0], abs=0.006)
    assert shares[0] > 0.1


def test_shares_are_less_where_quantiles_tilted_to_the_mean_miss_more(monkeypatch):
    random = np.random.default_rng(0)
    truth = random.normal(scale=0.05, size=2000)
    truth[::20] += random.exponential(5.0, 100)
    network = np.tile(np.linspace(-0.1, 0.1, 99), (2000, 1))  # right for most rows
    learner = 0.2 * truth + 0.5 * random.random(2000)
    asked = held_back(truth, learner[:, None, None], 0)
    shares = fit_shares_of_numbers(network, asked).shares
    for name, value in (("_PARTS", (1.0,)), ("_SPREADS", (1.0,)), ("_GAIN", -100.0)):
        monkeypatch.setattr(finding, name, value)
    monkeypatch.setattr(finding, "_LESS_COVERED", 1.0)
    assert fit_shares_of_numbers(network, asked).shares[1] > shares[1]


def test_distributions_are_as_narrow_as_the_learners_allow():
    random = np.random.default_rng(0)
    truth = random.normal(size=2000)
    network = quantiles(0.8 * truth, spread=0.5)
    learner = truth + 0.1 * random.normal(size=2000)
    found = fit_shares_of_numbers(network, held_back(truth, learner[:, None, None], 0))
    assert found.spread <= 0.4
    mixed = found.mix_quantiles(network, learner[:, None, None])
    covered = ((mixed[:, 4] <= truth) & (truth <= mixed[:, 94])).mean()
    assert 0.9 <= covered < 1.0
    means = quantile_means(mixed)[:, 0]
    wanted = found.mix(quantile_means(network), learner[:, None, None])[:, 0]
    assert means == pytest.approx(wanted, abs=0.01)


def test_few_rows_do_not_narrow_distributions():
    truth = np.random.default_rng(0).normal(size=60)
    for n_rows in (49, 60):
        asked = held_back(truth[:n_rows], truth[:n_rows, None, None], 0)
        found = fit_shares_of_numbers(quantiles(0.8 * truth[:n_rows], 0.5), asked)
        assert (found.spread < 1.0) == (n_rows == 60)


def test_rows_of_weight_two_narrow_distributions_as_repeated_rows_do():
    truth = np.random.default_rng(0).normal(size=30)
    found = []
    for values, weights in ((truth, np.full(30, 2.0)), (truth.repeat(2), None)):
        asked = held_back(values, values[:, None, None], 0, weights)
        found.append(fit_shares_of_numbers(quantiles(0.8 * values, 0.5), asked))
    assert found[0].spread == found[1].spread < 1.0
    assert found[0].shares == pytest.approx(found[1].shares)


def test_distributions_that_are_right_keep_their_spread():
    random = np.random.default_rng(0)
    centre = random.normal(size=2000)
    truth = centre + 0.3 * random.normal(size=2000)
    learner = random.normal(size=(2000, 1, 1))
    found = fit_shares_of_numbers(quantiles(centre, 0.3), held_back(truth, learner, 0))
    assert found == Blend((1.0, 0.0))


def test_a_spread_is_above_zero():
    with pytest.raises(TabTransferError, match="spread"):
        Blend((1.0,), 0.0)


def test_a_handicap_speaks_for_the_network():
    random = np.random.default_rng(0)
    truth, noise = random.normal(size=500), random.normal(size=(2, 500))
    network, learner = truth + 0.11 * noise[0], truth + 0.1 * noise[1]
    shares = [
        fit_shares_of_numbers(
            quantiles(network), held_back(truth, learner[:, None, None], 0), handicap
        )
        for handicap in (0.0, 0.2)
    ]
    assert shares[0].shares[0] < 0.5 < shares[1].shares[0]


@pytest.mark.parametrize("max_context_rows", [4096, 100])
def test_a_tuned_network_is_judged_by_rows_it_has_not_learned_from(max_context_rows, monkeypatch):
    judged = []

    def finetune(network, training, config, **options):
        tuned, child = copy.deepcopy(network), copy.deepcopy(network)
        judged.append(child)
        return tuned, FinetuneRecord("tuned", ""), Untaught(child, np.arange(100, 200))

    def fit_shares(predicted, held_back, handicap):
        judged.extend([predicted, held_back.labels])
        return Blend((0.5, 0.5, 0.0, 0.0))

    monkeypatch.setattr("tabtransfer.estimators.base.finetune_network", finetune)
    monkeypatch.setattr("tabtransfer.inference.fitting.fit_shares_of_numbers", fit_shares)
    X = np.random.default_rng(0).normal(size=(600, 2))
    model = TabTransferRegressor(
        1, max_context_rows=max_context_rows, finetune=True, random_state=0, n_threads=1
    ).fit(X, X[:, 0])
    child, predicted, labels = judged
    assert np.array_equal(labels, X[100:200, 0]) and len(predicted) == 100
    assert model.fitted_.network.get() is not child and model.fitted_.blend.shares[0] == 0.5


@pytest.mark.parametrize("n_classes", [0, 3])
def test_related_rows_are_neither_kept_back_nor_asked_about(n_classes):
    _, learner, labels = classes(1000)
    if not n_classes:
        labels = np.where(np.arange(1000) % 50 == 0, 1e6, labels.astype(float))
    training = held_back(labels, learner[:, None, : max(1, n_classes)], n_classes)
    training = replace(training, related=np.arange(1000) >= 900)
    rows = rows_to_keep_back(training, 500, seed=0)
    assert len(rows) == 450 and rows.max() < 900
    asked = rows_to_ask_about(training, seed=0)
    assert len(asked) == (0 if n_classes else 300) and (asked < 900).all()


@pytest.fixture(scope="module")
def luxury():
    random = np.random.default_rng(0)
    X = random.normal(size=(500, 2))
    X[:, 1] = random.permutation(500) < 6
    y = np.where(X[:, 1], 1e6, 1e4) * np.exp(0.2 * X[:, 0])
    model = TabTransferRegressor(1, random_state=0, n_threads=1)
    with pytest.warns(UserWarning, match=r"6 of 500 targets.*\d% of each prediction is the trees'"):
        model.fit(X, y)
    return model, X, y


def test_predictions_and_quantiles_reach_rare_targets_that_are_certain(luxury):
    model, _, _ = luxury
    X = np.stack([np.linspace(-1, 1, 100), np.arange(100) % 2], 1)
    y = np.where(X[:, 1], 1e6, 1e4) * np.exp(0.2 * X[:, 0])
    distribution = model.predict(X, output="distribution")
    high = X[:, 1] == 1.0
    assert distribution.mean()[high].mean() == pytest.approx(1e6, rel=0.2)
    assert (distribution.quantile(0.99)[high] > 0.85 * y[high]).mean() > 0.9
    assert np.abs(distribution.mean() - y)[~high].mean() < 1e4
    assert len(model.ensemble_.tasks()[0].rows) == 500  # all rows predict


def test_a_saved_model_reaches_them_too(luxury, tmp_path):
    model, X, _ = luxury
    model.save(tmp_path / "model")
    assert np.array_equal(load(tmp_path / "model").predict(X[:20]), model.predict(X[:20]))
