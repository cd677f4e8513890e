import datetime
import io
import os
import pickle
import shutil
import warnings
import zipfile
from decimal import Decimal

import joblib
import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
import safetensors.torch
import scipy.sparse
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import tabtransfer
from tabtransfer import TabTransferClassifier, TabTransferError, TabTransferRegressor
from tabtransfer.checkpoint import load_checkpoint, save_checkpoint
from tabtransfer.finetune.config import FinetuneConfig
from tabtransfer.preprocessing.columns import sparse

N_ROWS = 40


def make_frame(n_rows=N_ROWS):
    """Make a table with a column of every type."""
    rng = np.random.default_rng(0)

    def draw(*cells):
        return [cells[index] for index in rng.integers(len(cells), size=n_rows)]

    return pd.DataFrame(
        {
            "number": rng.normal(size=n_rows),
            "half": rng.normal(size=n_rows).astype(np.float16),
            "whole": rng.integers(-5, 5, n_rows).astype(np.int8),
            "huge": np.array([2**63 + 7 * i for i in range(n_rows)], dtype=np.uint64),
            "nullable": pd.array(draw(1, 2, pd.NA), dtype="Int64"),
            "flag": rng.random(n_rows) < 0.5,
            "nullable flag": pd.array(draw(True, False, pd.NA), dtype="boolean"),
            "text": draw("a", "b", None),
            "string": pd.array(draw("a", "b", pd.NA), dtype="string"),
            "objects": pd.Series(draw("a", "b", None), dtype=object),
            "mixed": pd.Series(draw("m", 1, 2.5, True, None, Decimal("0.1")), dtype=object),
            "big integers": pd.Series(draw(10**30, 5, None), dtype=object),
            "decimals": pd.Series(draw(Decimal("1.5"), Decimal("2"), None), dtype=object),
            "category": pd.Categorical(draw("x", "y", None), categories=["z", "y", "x"]),
            "ordered": pd.Categorical(
                draw("low", "high", "mid"), categories=["low", "mid", "high"], ordered=True
            ),
            "numbers as categories": pd.Categorical(draw(3, 1), categories=[3, 1]),
            "ranges": pd.cut(rng.normal(size=n_rows), 3),
            "empty": [None] * n_rows,
            "constant": 1,
        }
    )


def round_trip(model, path):
    model.save(path)
    return tabtransfer.load(path)


def assert_same_answers(found, model, X):
    others = [lambda one: one.predict_proba(X)]
    if not hasattr(model, "classes_"):
        others = [lambda one: one.predict(X, output="quantiles")]
    for answer_of in (lambda one: one.predict(X), *others):
        expected, answer = answer_of(model), answer_of(found)
        np.testing.assert_array_equal(answer, expected)
        assert answer.dtype == expected.dtype


class TestRoundTrip:
    def test_every_column_type(self, classifier, path):
        X, y = make_frame(), np.arange(N_ROWS) % 3
        model = classifier.fit(X, y)
        found = round_trip(model, path)
        assert_same_answers(found, model, X)
        assert found.get_params() == {
            **model.get_params(),
            "checkpoint": str(model.checkpoint),
        }
        assert found.feature_names_in_.tolist() == list(X.columns)

    def test_sparse_tables_of_more_columns_than_are_read(self, classifier, path, monkeypatch):
        monkeypatch.setattr(sparse, "MAX_SPARSE_COLUMNS", 20)
        X = scipy.sparse.random(40, 30, 0.2, "csr", random_state=0)
        model = classifier.fit(X, np.arange(40) % 2)
        assert_same_answers(round_trip(model, path), model, X)

    @pytest.mark.parametrize(
        "columns",
        [
            [3, 1],
            [("a", 1), ("a", 2)],
            [0.5, datetime.date(2024, 1, 1)],
            ["target", "__index_level_0__"],
        ],
        ids=str,
    )
    def test_column_names_of_any_type(self, classifier, path, columns):
        X = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 2)), index=range(50, 70))
        X.columns = pd.Index(columns)
        model = classifier.fit(X, [0, 1] * 10)
        assert_same_answers(round_trip(model, path), model, X)

    @pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "?", object, "U3"])
    def test_arrays(self, classifier, path, dtype):
        X = np.random.default_rng(0).integers(0, 9, (20, 3)).astype(dtype)
        model = classifier.fit(X, [0, 1] * 10)
        found = round_trip(model, path)
        assert_same_answers(found, model, X)
        assert not hasattr(found, "feature_names_in_")

    @pytest.mark.parametrize(
        "labels",
        [
            ["no", "yes"],
            np.array([3, -1], np.int16),
            np.array([2**63 + 1, 0], np.uint64),
            [True, False],
            np.array([1.0, 2.0], np.float32),
            np.array(["no", "yes"], object),
            pd.Categorical(["b", "a"]),
            pd.Series(["b", "a"], dtype="string"),
            ["only", "only"],
        ],
        ids=str,
    )
    def test_labels_of_any_type(self, classifier, path, labels):
        X, y = np.arange(20.0)[:, None], np.asarray(labels)[[0, 1] * 10]
        model = classifier.fit(X, y)
        found = round_trip(model, path)
        assert found.classes_.dtype == model.classes_.dtype
        assert found.classes_.tolist() == model.classes_.tolist()
        assert_same_answers(found, model, X)

    def test_regressors(self, regression_checkpoint, path):
        X, y = make_frame(), np.random.default_rng(0).normal(size=N_ROWS)
        model = TabTransferRegressor(2, checkpoint=regression_checkpoint, max_context_rows=25)
        model.fit(X, y)
        found = round_trip(model, path)
        assert type(found) is TabTransferRegressor
        assert_same_answers(found, model, X)  # random_state=None: the seed drawn is kept

    @pytest.mark.parametrize("cell", [7.0, np.nan, "text"])
    def test_many_rows_that_are_all_alike(self, regression_checkpoint, path, cell):
        X, y = pd.DataFrame({"a": [cell] * 4000}), np.random.default_rng(0).normal(size=4000)
        model = TabTransferRegressor(1, checkpoint=regression_checkpoint, random_state=0).fit(X, y)
        assert model.learners_ is None  # they would have nothing to tell rows apart by
        assert_same_answers(round_trip(model, path), model, X[:5])

    @pytest.mark.parametrize("random_state", [None, np.random.RandomState(3)])
    def test_any_random_state_and_settings_changed_after_fit(self, classifier, path, random_state):
        X, y = make_frame(), np.arange(N_ROWS) % 2
        classifier.set_params(random_state=random_state, max_context_rows=25)
        expected = classifier.fit(X, y).predict_proba(X)
        found = round_trip(classifier.set_params(n_estimators=7, max_context_rows=30), path)
        np.testing.assert_array_equal(found.predict_proba(X), expected)
        assert found.n_estimators == 2

    def test_saved_again_and_fitted_again(self, classifier, path, tmp_path):
        X, y = make_frame(), np.arange(N_ROWS) % 2
        model = classifier.fit(X, y)
        found = round_trip(model, path)
        twice = round_trip(found, tmp_path / "twice.model")
        assert_same_answers(twice, model, X)
        assert_same_answers(found.fit(X, y), model, X)

    def test_tables_changed_in_place_after_fit(self, classifier, path):
        X, y = make_frame(), np.arange(N_ROWS) % 2
        model, before = classifier.fit(X, y), X.copy()
        X["number"] = 0.0
        X.loc[:, "whole"] = 1
        assert_same_answers(round_trip(model, path), model, before)


class TestWeights:
    def test_without_the_checkpoint_those_of_the_file_are_used(
        self, small_checkpoint, make_network, path, tmp_path
    ):
        checkpoint = tmp_path / "weights.safetensors"
        shutil.copy(small_checkpoint, checkpoint)
        X, y = make_frame(), np.arange(N_ROWS) % 2
        model = TabTransferClassifier(1, checkpoint=checkpoint, random_state=0).fit(X, y)
        expected = model.predict_proba(X)
        model.save(path)
        checkpoint.unlink()
        found = [tabtransfer.load(path) for _ in range(2)]
        np.testing.assert_array_equal(found[0].predict_proba(X), expected)
        assert found[0].network_ is found[1].network_
        save_checkpoint(checkpoint, make_network(seed=1), {})
        np.testing.assert_array_equal(tabtransfer.load(path).predict_proba(X), expected)

    def test_one_read_only_network_for_all_models_of_a_checkpoint(self, classifier, path):
        X, y = make_frame(), np.arange(N_ROWS) % 2
        model = classifier.set_params(checkpoint=None).fit(X, y)
        other = TabTransferClassifier(1, trees=False).fit(X, y)
        models = [model, other, round_trip(model, path), pickle.loads(pickle.dumps(model))]
        networks = {id(one.fitted_.network.get()) for one in models}
        assert networks == {id(load_checkpoint())}
        assert not any(p.requires_grad for p in model.fitted_.network.get().parameters())

    @pytest.mark.parametrize(
        "lies_there", ["text", "newer", "huge", "unreadable", "folder", "pipe"]
    )
    def test_what_lies_at_the_checkpoints_path_is_not_read(
        self, small_checkpoint, path, tmp_path, lies_there
    ):
        checkpoint = tmp_path / "weights.safetensors"
        shutil.copy(small_checkpoint, checkpoint)
        X, y = np.arange(20.0)[:, None], [0, 1] * 10
        model = TabTransferClassifier(1, checkpoint=checkpoint, random_state=0).fit(X, y)
        expected = model.predict_proba(X)
        model.save(path)
        checkpoint.unlink()
        if lies_there == "newer":
            weights = safetensors.torch.load_file(small_checkpoint)
            safetensors.torch.save_file(weights, checkpoint, {"tabtransfer": '{"format": 9}'})
        elif lies_there == "huge":
            with checkpoint.open("wb") as file:
                file.truncate(2**40)  # takes no room on disk, and hours to read
        elif lies_there == "folder":
            checkpoint.mkdir()
        elif lies_there == "pipe":
            os.mkfifo(checkpoint)
        else:
            checkpoint.write_text("not tensors")
            checkpoint.chmod(0o000 if lies_there == "unreadable" else 0o600)
        found = tabtransfer.load(path)
        np.testing.assert_array_equal(found.predict_proba(X), expected)
        again = round_trip(found, tmp_path / "again")
        np.testing.assert_array_equal(again.predict_proba(X), expected)

    def test_fine_tuned_weights_are_saved_and_not_tuned_again(self, classifier, path, monkeypatch):
        config = FinetuneConfig(
            children=1, learning_rate=2e-3, max_steps=10, check_every=5, episode_rows=64
        )
        monkeypatch.setattr(TabTransferClassifier, "_finetune_config", config)
        rng = np.random.default_rng(0)
        X = rng.normal(size=(160, 1))
        y = X[:, 0] > 0
        model = classifier.set_params(finetune=True, max_context_rows=64).fit(X, y)
        assert model.finetuning_.chosen == "tuned"
        found = round_trip(model, path)
        assert found.finetuning_ == model.finetuning_
        assert_same_answers(found, model, X)
        assert not any(p.requires_grad for p in found.network_.parameters())


class TestPickles:
    @pytest.mark.parametrize("kind", [TabTransferClassifier, TabTransferRegressor])
    def test_joblib_and_pickle(self, regression_checkpoint, tmp_path, kind):
        X, y = make_frame(), np.arange(N_ROWS) % 2
        model = kind(1, checkpoint=regression_checkpoint, random_state=0).fit(X, y)
        joblib.dump(model, tmp_path / "model.joblib", compress=3)
        assert_same_answers(joblib.load(tmp_path / "model.joblib"), model, X)
        assert_same_answers(pickle.loads(pickle.dumps(model)), model, X)


class TestStatesWithoutPickles:
    def test_the_state_is_a_saved_model(self, classifier):
        X, y = make_frame(), np.arange(N_ROWS) % 2
        model = classifier.fit(X, y)
        state = model.__getstate__()
        assert {key: type(value) for key, value in state.items()} == {"saved": bytes}
        found = TabTransferClassifier.__new__(TabTransferClassifier)
        found.__setstate__(state)
        assert_same_answers(found, model, X)
        assert found.n_estimators == 2 and str(found.checkpoint) == str(model.checkpoint)

    def test_skops(self, classifier, tmp_path):
        skops = pytest.importorskip("skops.io", reason="skops isn't installed")
        X, y = make_frame()[["number", "whole"]], np.arange(N_ROWS) % 2
        model = make_pipeline(StandardScaler(), classifier).fit(X, y)
        skops.dump(model, tmp_path / "m.skops")
        types = skops.get_untrusted_types(file=tmp_path / "m.skops")
        assert types == ["tabtransfer.estimators.classifier.TabTransferClassifier"]
        found = skops.load(tmp_path / "m.skops", trusted=types)
        assert_same_answers(found, model, X)
        unfitted = skops.loads(skops.dumps(TabTransferClassifier(3)), trusted=types)
        assert unfitted.n_estimators == 3 and not unfitted.__sklearn_is_fitted__()


class TestWithoutRows:
    @pytest.fixture
    def saved(self, classifier, path):
        X, y = make_frame(), np.array(["no", "yes"])[np.arange(N_ROWS) % 2]
        model = classifier.fit(X, y)
        model.save(path, training_rows=False)
        return model, X, y

    def test_the_file_holds_no_row(self, saved, path):
        with zipfile.ZipFile(path) as archive:
            assert archive.namelist() == ["model.json", "weights.safetensors"]

    def test_settings_and_columns_are_known_but_predicting_asks_for_the_rows(self, saved, path):
        _, X, _ = saved
        found = tabtransfer.load(path)
        assert found.classes_.tolist() == ["no", "yes"] and found.n_estimators == 2
        assert found.feature_names_in_.tolist() == list(X.columns)
        assert found.n_features_in_ == X.shape[1]
        for method in (found.predict, found.predict_proba):
            with pytest.raises(TabTransferError, match=r"load\(path, X, y\)"):
                method(X)
        with pytest.raises(TabTransferError, match=r"load\(path, X, y\)"):
            found.save(path)

    def test_with_the_rows_given_again_it_predicts(self, saved, path):
        model, X, y = saved
        assert_same_answers(tabtransfer.load(path, X, y), model, X)
        assert_same_answers(tabtransfer.load(path).fit(X, y), model, X)

    def test_the_rows_may_come_with_other_types_and_rounding(self, classifier, path):
        X, y = make_frame()[["number", "nullable", "text", "string", "category"]], [0, 1] * 20
        model = classifier.fit(X, y)
        model.save(path, training_rows=False)
        again = pd.read_csv(io.StringIO(X.to_csv(index=False, float_format="%.9f")))
        found = tabtransfer.load(path, again, y).predict_proba(again)
        np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-6)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda X, y: (X[1:], y[1:]), "39 rows instead of 40"),
            (lambda X, y: (X.assign(number=1.0), y), "other cells in 'number'"),
            (lambda X, y: (X, y[::-1]), "other cells in the target"),
            (lambda X, y: (X, np.where(y == "no", "NO", y)), "other classes"),
            (lambda X, y: (X.drop(columns="text"), y), "18 columns instead of 19"),
            (lambda X, y: (X, None), "and their targets"),
        ],
    )
    def test_other_rows_are_refused(self, saved, path, change, message):
        _, X, y = saved
        with pytest.raises(TabTransferError, match=message):
            tabtransfer.load(path, *change(X, y))


def test_loading_runs_nothing_and_says_nothing(classifier, path, capsys):
    X, y = make_frame(), np.arange(N_ROWS) % 2
    classifier.set_params(verbose=True).fit(X, y).save(path)
    assert capsys.readouterr().err != ""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tabtransfer.load(path).predict(X)
    assert capsys.readouterr() == ("", "")
    with zipfile.ZipFile(path) as archive:
        assert {name.rsplit(".")[-1] for name in archive.namelist()} == {
            "json",
            "safetensors",
            "parquet",
        }
