"""What holds for the classifier and the regressor alike."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import balanced_accuracy_score

from tabtransfer import TabTransferClassifier, TabTransferError
from tabtransfer.checkpoint import save_checkpoint
from tabtransfer.estimators import base
from tabtransfer.finetune.config import FinetuneConfig
from tabtransfer.inference import predict as inference


def answer(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


class TestSampleWeights:
    def test_whole_weights_equal_repeated_rows_and_zero_leaves_a_row_out(
        self, estimator, make_frame
    ):
        X, y = make_frame()
        times = np.random.default_rng(1).integers(0, 4, 60)
        rows = np.random.default_rng(2).permutation(np.arange(60).repeat(times))
        weighted = clone(estimator).fit(X, y, sample_weight=times)
        repeated = clone(estimator).fit(X.iloc[rows], y.iloc[rows])
        np.testing.assert_allclose(answer(weighted, X), answer(repeated, X), rtol=0, atol=1e-8)
        assert not np.allclose(answer(weighted, X), answer(clone(estimator).fit(X, y), X))

    @pytest.mark.parametrize(("double_cells", "atol"), [(5_000, 1e-5), (0, 1e-3)])
    def test_shipped_weights(self, estimator, monkeypatch, double_cells, atol, make_frame):
        monkeypatch.setattr(inference, "DOUBLE_CELLS", double_cells)
        X, y = make_frame()
        estimator.set_params(checkpoint=None, n_estimators=2, trees=True)
        times = np.random.default_rng(1).integers(1, 4, 60)
        weighted = answer(clone(estimator).fit(X, y, sample_weight=times), X)
        rows = np.arange(60).repeat(times)
        repeated = answer(clone(estimator).fit(X.iloc[rows], y.iloc[rows]), X)
        np.testing.assert_allclose(weighted, repeated, rtol=0, atol=atol)

    def test_ones_change_nothing_and_shares_are_scaled(self, estimator, make_frame):
        X, y = make_frame()
        plain = answer(clone(estimator).fit(X, y), X)
        for weights in (np.ones(60), np.full(60, 1 / 60), [1] * 60, pd.Series(np.full(60, 0.3))):
            found = answer(clone(estimator).fit(X, y, sample_weight=weights), X)
            np.testing.assert_allclose(found, plain, rtol=1e-12)

    def test_rows_of_weight_zero_are_not_even_looked_at(self, estimator, make_frame):
        X, y = make_frame()
        weights = np.ones(60)
        weights[:5] = 0.0
        odd = X.assign(number=np.where(weights > 0, X["number"], np.inf))
        found = clone(estimator).fit(odd, y, sample_weight=weights)
        expected = clone(estimator).fit(X[5:], y[5:])
        np.testing.assert_array_equal(answer(found, X), answer(expected, X))

    @pytest.mark.parametrize("weight", [1e-12, 1e12])
    def test_extreme_weights_give_finite_answers(self, estimator, weight, make_frame):
        X, y = make_frame()
        weights = np.ones(60)
        weights[7] = weight
        assert np.isfinite(answer(estimator.fit(X, y, sample_weight=weights), X)).all()

    @pytest.mark.parametrize(
        ("weights", "message"),
        [
            (np.ones(59), r"shape \(59,\), but X has 60 rows"),
            (-np.ones(60), "60 negative weights"),
            (np.zeros(60), "zero for every row"),
            ([np.nan] + [1.0] * 59, "1 missing or infinite weights, the first in row 0"),
        ],
    )
    def test_weights_that_cannot_be_used(self, estimator, weights, message, make_frame):
        with pytest.raises(TabTransferError, match=message):
            estimator.fit(*make_frame(), sample_weight=weights)

    def test_more_rows_than_the_context_keep_their_weights(self, estimator, make_frame):
        X, y = make_frame()
        model = estimator.set_params(max_context_rows=30)
        model.fit(X, y, sample_weight=np.arange(60.0) + 0.5)
        assert model.n_context_rows_ == 30 and np.isfinite(answer(model, X)).all()
        assert model.ensemble_.training.weights.sum() == pytest.approx(60.0)

    @pytest.mark.slow
    def test_fine_tuning_takes_them(self, estimator, monkeypatch, make_frame):
        config = FinetuneConfig(children=1, learning_rate=2e-3, max_steps=2, check_every=1)
        monkeypatch.setattr(type(estimator), "_finetune_config", config)
        X, y = make_frame(160)
        model = estimator.set_params(finetune=True, n_estimators=1)
        losses = [
            clone(model).fit(X, y, sample_weight=weights).finetuning_.base_loss
            for weights in (None, np.where(np.arange(160) % 2, 3.0, 1.0))
        ]
        assert np.isfinite(losses).all() and losses[0] != losses[1]


class TestClassWeights:
    def test_they_multiply_probabilities(self, classifier, make_frame):
        X, y = make_frame()
        plain = clone(classifier).fit(X, y).predict_proba(X)
        class_weight = {0: 2, 3: 3}
        found = classifier.set_params(class_weight=class_weight).fit(X, y).predict_proba(X)
        expected = plain * [class_weight.get(label, 1) for label in classifier.classes_]
        np.testing.assert_allclose(found, expected / expected.sum(1, keepdims=True))

    def test_balanced_classes_find_the_rare_one(self):
        rng = np.random.default_rng(2)
        y = (np.arange(400) % 10 == 0).astype(int)
        X = rng.normal(size=(400, 3)) + 0.8 * y[:, None]
        model = TabTransferClassifier(n_estimators=1, random_state=0)
        plain, balanced = (
            balanced_accuracy_score(
                y[200:],
                model.set_params(class_weight=weight).fit(X[:200], y[:200]).predict(X[200:]),
            )
            for weight in (None, "balanced")
        )
        assert plain < 0.65 and balanced > 0.75

    def test_balanced_counts_rows_by_their_weights(self, classifier, make_frame):
        X, y = make_frame()
        weights = np.random.default_rng(0).integers(1, 3, 60)
        classifier.set_params(class_weight="balanced").fit(X, y, sample_weight=weights)
        totals = np.bincount(y, weights)
        np.testing.assert_allclose(classifier.class_weight_ * totals, totals.mean())

    def test_unknown_classes_are_named(self, classifier, make_frame):
        X, y = make_frame()
        with pytest.raises(TabTransferError, match="classes that y doesn't have: 'rare'"):
            classifier.set_params(class_weight={"rare": 2.0}).fit(X, y)


class TestCalibration:
    @pytest.mark.slow
    def test_over_confident_probabilities_are_calmed_and_decisions_stay(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(300, 3))
        y = (X[:, 0] + 1.5 * rng.normal(size=300) > 0).astype(int)
        weights = np.full(100, 30.0)  # as if every row had been seen 30 times
        plain = TabTransferClassifier(random_state=0).fit(X[:100], y[:100], weights)
        calm = TabTransferClassifier(calibrate=True, random_state=0).fit(X[:100], y[:100], weights)
        assert calm.calibration_.temperature > 1.1
        assert calm.calibration_.loss_after < calm.calibration_.loss_before
        np.testing.assert_array_equal(plain.predict(X), calm.predict(X))
        losses = [
            -np.log(model.predict_proba(X[100:])[np.arange(200), y[100:]]).mean()
            for model in (plain, calm)
        ]
        assert losses[1] < losses[0]

    def test_distributions_are_stretched_and_means_stay(self, regressor, make_frame):
        X, y = make_frame()
        plain = clone(regressor).fit(X, y)
        fitted = clone(regressor).set_params(calibrate=True).fit(X, y)
        temperature = fitted.calibration_.temperature
        assert temperature != 1.0
        np.testing.assert_allclose(fitted.predict(X), plain.predict(X))
        widths = [
            np.diff(model.predict(X, output="quantiles", quantiles=[0.2, 0.7]))
            for model in (plain, fitted)
        ]
        np.testing.assert_allclose(widths[1], temperature * widths[0])

    def test_fitting_again_without_it_forgets_it(self, estimator, make_frame):
        X, y = make_frame()
        estimator.set_params(calibrate=True).fit(X, y).set_params(calibrate=False).fit(X, y)
        assert not hasattr(estimator, "calibration_")


class TestFinetuning:
    @pytest.fixture
    def tune(self, estimator, monkeypatch, make_frame):
        """Fit with a learning rate, on a table that is large enough to be tuned on."""

        def tune(learning_rate):
            config = FinetuneConfig(
                children=1, learning_rate=learning_rate, max_steps=6, check_every=3
            )
            monkeypatch.setattr(type(estimator), "_finetune_config", config)
            model = clone(estimator).set_params(finetune=True, n_estimators=1)
            return model.fit(*make_frame(160))

        return tune

    def test_weights_that_validate_no_better_change_nothing(self, tune, make_frame):
        X, y = make_frame(160)
        model = tune(0.0)
        record = model.finetuning_
        assert record.chosen == "base" and record.tuned_loss >= record.base_loss
        plain = clone(model).set_params(finetune=False).fit(X, y)
        np.testing.assert_array_equal(answer(model, X), answer(plain, X))

    @pytest.mark.parametrize("learning_rate", [1e-4, 1.0])
    def test_weights_are_kept_that_the_resamples_speak_for(self, tune, learning_rate):
        record = tune(learning_rate).finetuning_
        better = record.tuned_loss < record.base_loss and record.probability >= 0.8
        assert record.chosen == ("tuned" if better else "base")

    def test_columns_keep_their_names(self, tune, make_frame):
        X, _ = make_frame(160)
        model = tune(2e-3)
        assert model.feature_names_in_.tolist() == list(X.columns)
        np.testing.assert_array_equal(answer(model, X[X.columns[::-1]]), answer(model, X))
        with pytest.raises(TabTransferError, match="missing 'text'"):
            model.predict(X.drop(columns="text"))


class TestSeeds:
    def test_without_a_seed_numpy_draws_one(self, estimator, make_frame):
        X, y = make_frame()
        estimator.set_params(random_state=None)
        first, second = (answer(clone(estimator).fit(X, y), X) for _ in range(2))
        assert not np.array_equal(first, second)
        np.random.seed(0)
        first = answer(clone(estimator).fit(X, y), X)
        np.random.seed(0)
        np.testing.assert_array_equal(answer(clone(estimator).fit(X, y), X), first)

    def test_with_a_seed_the_generators_of_the_process_are_left_alone(
        self, estimator, monkeypatch, make_frame
    ):
        config = FinetuneConfig(children=1, max_steps=2, check_every=1)
        monkeypatch.setattr(type(estimator), "_finetune_config", config)
        X, y = make_frame(160)
        np.random.seed(0)
        torch.manual_seed(0)
        expected = np.random.rand(), torch.rand(1)
        np.random.seed(0)
        torch.manual_seed(0)
        answer(estimator.set_params(finetune=True, calibrate=True).fit(X, y), X)
        assert (np.random.rand(), torch.rand(1)) == expected


def test_copies_keep_every_setting(estimator, tmp_path):
    settings = {
        "n_estimators": 7,
        "calibrate": True,
        "finetune": True,
        "checkpoint": tmp_path / "weights.safetensors",
        "max_context_rows": 99,
        "time_limit": 1.5,
        "trees": False,
        "random_state": 5,
        "device": "cuda:1",
        "n_threads": 3,
        "memory_limit": 10**9,
        "verbose": True,
    }
    if hasattr(estimator, "predict_proba"):
        settings["class_weight"] = {"a": 2.0}
    assert estimator.get_params().keys() == settings.keys()
    assert clone(type(estimator)(**settings)).get_params() == settings


def test_the_layout_of_an_array_in_memory_does_not_matter(estimator):
    X = np.random.default_rng(0).normal(size=(60, 4))
    y = (X[:, 0] > 0).astype(int)
    expected = answer(clone(estimator).fit(X, y), X)
    wide = np.zeros((120, 8))
    wide[::-2, ::2] = X
    read_only = X.copy()
    read_only.setflags(write=False)
    for other in (np.asfortranarray(X), wide[::-2, ::2], read_only, pd.DataFrame(X).to_numpy()):
        np.testing.assert_array_equal(answer(clone(estimator).fit(other, y), other), expected)


def test_more_columns_than_a_view_shows(estimator):
    X = np.random.default_rng(0).normal(size=(40, 600))
    assert np.isfinite(answer(estimator.fit(X, np.arange(40) % 3), X[:5])).all()


class TestARefitThatFails:
    @pytest.mark.parametrize("place", ["target", "weights", "network", "interrupt"])
    def test_leaves_no_half_of_a_model(self, classifier, make_frame, place, monkeypatch):
        X, y = make_frame()
        model = classifier.fit(X, y)
        others = {"y": ["x", "y"] * 30}
        if place == "target":
            others["y"] = ["x"] * 59 + [None]
        elif place == "weights":
            others["sample_weight"] = [-1.0] * 60
        elif place == "network":
            model.set_params(checkpoint="/nowhere/weights.safetensors")
        else:
            monkeypatch.setattr(base, "build_model", _interrupted)
        with pytest.raises((TabTransferError, KeyboardInterrupt)):
            model.fit(X, **others)
        with pytest.raises(NotFittedError):
            model.predict(X)
        assert [name for name in vars(model) if name.endswith("_")] == []
        assert not hasattr(model, "classes_")

    def test_with_parameters_that_make_no_sense_leaves_the_model_whole(
        self, classifier, make_frame
    ):
        X, y = make_frame()
        model = classifier.fit(X, y)
        before = model.predict_proba(X)
        with pytest.raises(TabTransferError, match="n_threads"):
            model.set_params(n_threads=-1).fit(X, ["x", "y"] * 30)
        np.testing.assert_array_equal(model.set_params(n_threads=None).predict_proba(X), before)
        assert model.classes_.tolist() == sorted(set(y))


def _interrupted(*arguments, **options):
    raise KeyboardInterrupt


def test_weights_that_overflow_are_no_answer(
    estimator, make_frame, make_network, tmp_path, monkeypatch
):
    monkeypatch.setattr(inference, "DOUBLE_CELLS", 0)
    network = make_network(tasks=("classification", "regression"))
    for parameter in network.heads.parameters():
        parameter.mul_(1e30)
    save_checkpoint(tmp_path / "c.safetensors", network, {})
    X, y = make_frame()
    model = estimator.set_params(checkpoint=tmp_path / "c.safetensors").fit(X, y)
    with pytest.raises(TabTransferError, match="is no number for 60 of 60 rows: its weights"):
        model.predict(X)


@pytest.mark.parametrize("seconds", [-5, float("nan"), "60", True])
def test_a_time_limit_that_is_none_is_refused(classifier, seconds):
    classifier.set_params(time_limit=seconds)
    with pytest.raises(TabTransferError, match="time_limit must be a number of seconds from 0"):
        classifier.fit([[0.0], [1.0]], [0, 1])
