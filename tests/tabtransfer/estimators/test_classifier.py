import os
import pickle
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from tabtransfer import TabTransferClassifier, TabTransferError
from tabtransfer.checkpoint import save_checkpoint
from tabtransfer.datasets.suites import load_table
from tabtransfer.finetune.config import FinetuneConfig

# They need trained weights; the other checks a network that is as small as can be.
CHECKS_OF_LEARNING = ("check_classifiers_train",)


@parametrize_with_checks([TabTransferClassifier()])
def test_scikit_learn_checks(estimator, check, small_checkpoint):
    learns = check.func.__name__ in CHECKS_OF_LEARNING
    check(clone(estimator).set_params(checkpoint=None if learns else small_checkpoint))


@pytest.fixture
def classifier(small_checkpoint):
    """A classifier with a small network that has learned nothing, and without trees."""
    return TabTransferClassifier(2, checkpoint=small_checkpoint, trees=False, random_state=0)


def make_frame(n_rows=60):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": rng.normal(size=n_rows),
            "holes": np.where(rng.random(n_rows) < 0.3, np.nan, rng.normal(size=n_rows)),
            "nullable": pd.array(rng.integers(0, 9, n_rows), dtype="Int64"),
            "text": rng.choice(["a", "b", "c", None], n_rows),
            "category": pd.Categorical(rng.choice(["x", "y"], n_rows)),
            "flag": rng.random(n_rows) < 0.5,
            "mixed": pd.Series(rng.choice(["m", 1, None], n_rows), dtype=object),
            "empty": [None] * n_rows,
            "constant": 1,
        }
    )
    frame.loc[3, "nullable"] = pd.NA
    return frame, np.where(frame["number"] > 0, "yes", "no")


class TestLearning:
    """With the shipped weights."""

    def test_iris_is_learned(self):
        X, y = load_iris(return_X_y=True)
        scores = cross_val_score(TabTransferClassifier(random_state=0), X, y, cv=3)
        assert scores.mean() > 0.93

    def test_categories_and_missing_cells_are_told(self):
        rng = np.random.default_rng(0)
        cause = rng.choice(["a", "b", "c", "d"], 300)
        X = pd.DataFrame({"cause": cause, "noise": rng.normal(size=300)})
        X.loc[cause == "d", "cause"] = None
        y = np.isin(cause, ["a", "d"])
        model = TabTransferClassifier(random_state=0).fit(X[:200], y[:200])
        assert model.score(X[200:], y[200:]) > 0.95

    def test_days_of_the_week_are_told(self):
        days = pd.Series(pd.date_range("2020-01-01", periods=300)).sample(frac=1, random_state=0)
        y = days.dt.day_of_week >= 5
        for cells in (days, days.dt.strftime("%Y-%m-%d")):
            X = cells.to_frame("day")
            model = TabTransferClassifier(n_estimators=1, random_state=0).fit(X[:200], y[:200])
            assert model.score(X[200:], y[200:]) > 0.95

    def test_words_in_strings_that_never_repeat_are_told(self):
        rng = np.random.default_rng(0)
        y = rng.random(300) < 0.5
        ends = np.where(y, "engineer", "assistant")
        X = pd.DataFrame({"job": [f"person {i}, chief {end}" for i, end in enumerate(ends)]})
        model = TabTransferClassifier(n_estimators=1, random_state=0).fit(X[:200], y[:200])
        assert model.score(X[200:], y[200:]) > 0.95

    @pytest.mark.parametrize(
        ("n_classes", "n_rows", "least"),
        [(2, 60, 0.95), (11, 110, 0.9), (100, 500, 0.8), (300, 600, 0.5)],
    )
    def test_any_number_of_classes(self, n_classes, n_rows, least):
        rng = np.random.default_rng(0)
        side = np.ceil(np.sqrt(n_classes))
        y = np.arange(n_rows + 50) % n_classes
        X = np.c_[y % side, y // side] + 0.1 * rng.normal(size=(len(y), 2))
        names = np.array([f"class {i}" for i in range(n_classes)])[y]
        model = TabTransferClassifier(1, random_state=0).fit(X[:n_rows], names[:n_rows])
        probabilities = model.predict_proba(X[n_rows:])
        assert probabilities.shape == (50, n_classes)
        np.testing.assert_allclose(probabilities.sum(1), 1.0)
        assert (model.predict(X[n_rows:]) == names[n_rows:]).mean() >= least

    def test_rare_classes_keep_their_share(self):
        rng = np.random.default_rng(0)
        y = (rng.random(600) < 0.03).astype(int)
        X = rng.normal(size=(600, 3)) + y[:, None]
        model = TabTransferClassifier(1, random_state=0).fit(X[:300], y[:300])
        assert model.predict_proba(X[300:])[:, 1].mean() == pytest.approx(0.03, abs=0.02)

    @pytest.mark.slow
    def test_large_offsets_do_no_harm(self):
        X, y = load_iris(return_X_y=True)
        model = TabTransferClassifier(random_state=0)
        plain = model.fit(X[::2], y[::2]).predict_proba(X[1::2])
        moved = model.fit(X[::2] + 1.6e9, y[::2]).predict_proba(X[1::2] + 1.6e9)
        np.testing.assert_allclose(plain, moved, atol=0.02)


class TestInputs:
    def test_frames_of_every_column_type(self, classifier):
        X, y = make_frame()
        model = classifier.fit(X[:40], y[:40])
        probabilities = model.predict_proba(X[40:])
        assert probabilities.shape == (20, 2) and np.isfinite(probabilities).all()
        assert model.classes_.tolist() == ["no", "yes"] and model.n_features_in_ == 9
        assert model.feature_names_in_.tolist() == list(X.columns)

    def test_arrays_of_objects(self, classifier):
        X, y = make_frame()
        arrays = X.astype(object).to_numpy()
        model = classifier.fit(arrays[:40], y[:40])
        assert np.isfinite(model.predict_proba(arrays[40:])).all()
        assert not hasattr(model, "feature_names_in_")

    @pytest.mark.parametrize(
        "y",
        [["b", "a"] * 10, [3, -1] * 10, [True, False] * 10, pd.Categorical(["b", "a"] * 10)],
    )
    def test_labels_of_any_type_come_back(self, classifier, y):
        model = classifier.fit(np.arange(20.0)[:, None], y)
        assert set(model.predict(np.arange(20.0)[:, None])) <= set(y)

    def test_categories_not_seen_in_training_are_missing(self, classifier):
        X, y = make_frame()
        model = classifier.fit(X, y)
        new, missing = X.assign(text="new"), X.assign(text=None)
        np.testing.assert_array_equal(model.predict_proba(new), model.predict_proba(missing))

    def test_columns_come_in_any_order(self, classifier):
        X, y = make_frame()
        model = classifier.fit(X, y)
        np.testing.assert_array_equal(
            model.predict_proba(X[X.columns[::-1]]), model.predict_proba(X)
        )

    def test_arrays_after_a_frame_are_taken_by_position_with_a_warning(self, classifier):
        X = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 3))).add_prefix("c")
        model = classifier.fit(X, [0, 1] * 10)
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            found = model.predict_proba(X.to_numpy())
        np.testing.assert_array_equal(found, model.predict_proba(X))

    def test_one_class_is_predicted(self, classifier):
        model = classifier.fit(np.arange(6.0)[:, None], ["only"] * 6)
        assert model.predict([[3.0]]).tolist() == ["only"]
        assert model.predict_proba([[3.0]]).tolist() == [[1.0]]

    def test_columns_without_a_cell_take_anything_later(self, classifier):
        X, y = make_frame()
        model = classifier.fit(X, y)
        np.testing.assert_array_equal(
            model.predict_proba(X.assign(empty="text")), model.predict_proba(X)
        )

    def test_more_rows_than_the_context_are_sampled(self, classifier):
        X, y = make_frame()
        model = classifier.set_params(max_context_rows=25).fit(X, y)
        assert model.n_context_rows_ == 25
        assert classifier.set_params(max_context_rows=4096).fit(X, y).n_context_rows_ == 60


class TestBadInput:
    @pytest.mark.parametrize(
        ("X", "error", "message"),
        [
            (np.empty((0, 2)), ValueError, r"0 sample\(s\)"),
            (np.empty((20, 0)), ValueError, r"0 feature\(s\)"),
            (pd.DataFrame(index=range(20)), TabTransferError, r"0 feature\(s\)"),
            (np.full((20, 2), np.inf), TabTransferError, "Column 0 holds 20 infinite"),
            (pd.DataFrame({"a": [np.inf] * 20}), TabTransferError, "Column 'a'.*infinity"),
            (pd.DataFrame({"o": [[1]] * 20}), TabTransferError, "'o' holds list values"),
            (pd.DataFrame([[1, 2]] * 20, columns=["a", "a"]), TabTransferError, "unique"),
            (np.ones(20), ValueError, "Reshape your data"),
            (np.ones((20, 2)) * 1j, ValueError, "Complex data not supported"),
        ],
    )
    def test_tables_that_cannot_be_used(self, classifier, X, error, message):
        with pytest.raises(error, match=message):
            classifier.fit(X, [0, 1] * 10)

    @pytest.mark.parametrize(
        ("y", "message"),
        [
            (np.arange(20) / 3, r"Unknown label type: continuous.*qcut"),
            ([0, 1] * 9 + [0, None], "1 labels are missing"),
            ([0, 1] * 9, "inconsistent numbers of samples"),
            (np.ones((20, 2)), "1d array"),
            (None, "requires y"),
        ],
    )
    def test_labels_that_cannot_be_used(self, classifier, y, message):
        with pytest.raises(ValueError, match=message):
            classifier.fit(np.arange(20.0)[:, None], y)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda X: X.drop(columns="text"), "missing 'text'"),
            (lambda X: X.assign(new=1), "not seen in fit: 'new'"),
            (lambda X: X.to_numpy()[:, :3], "X has 3 features, but TabTransferClassifier"),
            (lambda X: X.assign(number="word"), "'number' held numbers"),
            (lambda X: X.assign(number=np.inf), "'number' holds 60 infinite"),
            (lambda X: X[:0], r"0 sample\(s\)"),
        ],
    )
    def test_other_tables_at_prediction(self, classifier, change, message):
        X, y = make_frame()
        model = classifier.fit(X, y)
        with pytest.raises(ValueError, match=message):
            model.predict(change(X))

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *(("n_estimators", value) for value in (0, 2.5, "4")),
            *(("max_context_rows", value) for value in (0, 2.5, None)),
        ],
    )
    def test_settings_that_make_no_sense(self, classifier, name, value):
        with pytest.raises(TabTransferError, match=f"{name} must be a whole number"):
            classifier.set_params(**{name: value}).fit([[0.0], [1.0]], [0, 1])

    def test_a_checkpoint_that_is_not_there(self):
        model = TabTransferClassifier(checkpoint="/nowhere/weights.safetensors")
        with pytest.raises(TabTransferError, match="no checkpoint at"):
            model.fit([[0.0], [1.0]], [0, 1])

    def test_prediction_before_fit(self):
        with pytest.raises(NotFittedError):
            TabTransferClassifier().predict([[0.0]])


class TestScikitLearn:
    def test_in_a_pipeline_a_search_and_cross_validation(self, classifier):
        X, y = make_frame()
        numbers = make_column_transformer(
            (StandardScaler(), ["number", "holes"]), remainder="passthrough"
        ).set_output(transform="pandas")
        search = GridSearchCV(
            make_pipeline(numbers, classifier),
            {"tabtransferclassifier__n_estimators": [1, 2]},
            cv=2,
            error_score="raise",
        )
        search.fit(X, y)
        assert search.best_params_["tabtransferclassifier__n_estimators"] in (1, 2)
        scores = cross_val_score(search.best_estimator_, X, y, cv=2, scoring="roc_auc")
        assert np.isfinite(scores).all()

    def test_pandas_output_of_earlier_steps(self, classifier):
        X, y = make_frame()
        pipeline = make_pipeline(StandardScaler(), classifier)
        plain = pipeline.fit(X[["number", "holes"]], y).predict_proba(X[["number", "holes"]])
        with config_context(transform_output="pandas"):
            framed = pipeline.fit(X[["number", "holes"]], y).predict_proba(X[["number", "holes"]])
        assert pipeline[-1].feature_names_in_.tolist() == ["number", "holes"]
        np.testing.assert_array_equal(plain, framed)

    def test_seeds_decide_predictions(self, classifier):
        X, y = make_frame()
        answers = [
            clone(classifier).set_params(random_state=seed).fit(X, y).predict_proba(X)
            for seed in (0, 0, 1)
        ]
        np.testing.assert_array_equal(answers[0], answers[1])
        assert not np.allclose(answers[0], answers[2])

    def test_threads_are_set_for_the_call_alone(self, classifier, monkeypatch):
        seen = []
        monkeypatch.setattr(torch, "set_num_threads", seen.append)
        before = torch.get_num_threads()
        classifier.set_params(n_threads=before + 1).fit([[0.0], [1.0]], [0, 1])
        assert seen == [before + 1, before]


class TestPickles:
    def test_pickles_predict_alike_and_hold_no_network(self, classifier):
        X, y = make_frame()
        model = classifier.fit(X, y)
        data = pickle.dumps(model)
        assert len(data) < os.path.getsize(model.checkpoint) / 2
        np.testing.assert_array_equal(pickle.loads(data).predict_proba(X), model.predict_proba(X))

    def test_weights_that_changed_since_fit_are_refused(
        self, small_checkpoint, make_network, tmp_path
    ):
        path = tmp_path / "weights.safetensors"
        shutil.copy(small_checkpoint, path)
        model = TabTransferClassifier(n_estimators=1, checkpoint=path).fit([[0.0], [1.0]], [0, 1])
        save_checkpoint(path, make_network(seed=1), {})
        with pytest.raises(TabTransferError, match="not those of fit: fit again"):
            model.predict([[0.0]])


class TestFinetuning:
    @pytest.fixture
    def tuned(self, classifier, monkeypatch):
        config = FinetuneConfig(children=1, learning_rate=2e-3, max_steps=15, check_every=5)
        monkeypatch.setattr(TabTransferClassifier, "_finetune_config", config)
        X, y = make_frame(200)
        return classifier.set_params(finetune=True, n_estimators=1), X, y

    @pytest.mark.slow
    def test_tuned_weights_are_used_and_pickled(self, tuned, small_checkpoint):
        classifier, X, y = tuned
        model = classifier.fit(X, y)
        assert model.finetuning_.chosen == "tuned"
        assert model.finetuning_.tuned_loss < model.finetuning_.base_loss
        plain = clone(classifier).set_params(finetune=False).fit(X, y)
        assert not np.allclose(model.predict_proba(X), plain.predict_proba(X))
        copy = pickle.loads(pickle.dumps(model)).set_params(checkpoint="/gone")
        np.testing.assert_array_equal(copy.predict_proba(X), model.predict_proba(X))

    @pytest.mark.slow
    def test_small_tables_stay_untuned_and_hold_no_network(self, tuned):
        classifier, X, y = tuned
        model = classifier.fit(X, y).fit(X[:50], y[:50])
        assert model.finetuning_.chosen == "base" and not hasattr(model, "network_")

    @pytest.mark.slow
    def test_fitting_again_without_tuning_forgets_it(self, tuned):
        classifier, X, y = tuned
        model = classifier.fit(X, y).set_params(finetune=False).fit(X, y)
        assert not hasattr(model, "network_") and not hasattr(model, "finetuning_")


@pytest.mark.parametrize("trees", [True, False], ids=["trees", "no trees"])
def test_equal_weights_and_repeated_rows_make_no_one_overconfident(trees):
    table = load_table("mroz")
    X, y = table.X[:500], table.y[:500].astype(str).to_numpy()
    known, asked = slice(0, 200), slice(200, 500)

    def loss(weights, times=1):
        model = TabTransferClassifier(2, trees=trees, random_state=0, n_threads=1)
        rows = np.repeat(np.arange(200), times)
        model.fit(X[known].iloc[rows], y[known][rows], sample_weight=weights)
        return log_loss(y[asked], model.predict_proba(X[asked]))

    plain = loss(None)
    assert loss(np.full(200, 2.0)) < plain + 0.03
    assert loss(None, times=2) < plain + 0.03
    assert loss(np.where(y[known] == y[0], 0.6, 1.8)) < plain + 0.1
