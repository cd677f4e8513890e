"""What the classifier and the regressor share: context, memory, threads, progress."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone

from tabtransfer import TabTransferClassifier, TabTransferError, TabTransferRegressor
from tabtransfer.checkpoint import save_checkpoint
from tabtransfer.network.transformer import TabularTransformer

PEAK = """
import sys
import numpy as np
from tabtransfer import TabTransferClassifier, TabTransferRegressor
n_rows, n_columns, n_query, limit = map(int, sys.argv[2:])
def memory(name):
    lines = open("/proc/self/status").read().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(name)).split()[1])
Model = getattr(sys.modules["__main__"], sys.argv[1])
X = np.random.default_rng(0).normal(size=(n_rows + n_query, n_columns))
y = (X[:, 0] > 0).astype(int)
Model(n_estimators=1, n_threads=1).fit(X[:100], y[:100]).predict(X[:100])
model = Model(n_estimators=2, memory_limit=limit, n_threads=1, random_state=0)
open("/proc/self/clear_refs", "w").write("5")  # the peak starts anew
start = memory("VmRSS")
model.fit(X[:n_rows], y[:n_rows]).predict(X[n_rows:])
print(memory("VmHWM") - start, model.context_cached_, model.n_context_rows_)
"""


@pytest.fixture(params=[TabTransferClassifier, TabTransferRegressor])
def model(request, regression_checkpoint):
    """An estimator with a small network that has learned nothing, and without trees."""
    return request.param(2, checkpoint=regression_checkpoint, trees=False, random_state=0)


def answer(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def make_data(n_rows=300, n_columns=20):
    X = np.random.default_rng(0).normal(size=(n_rows, n_columns))
    return X, (X[:, 0] > 0).astype(int)


class TestContext:
    def test_prediction_does_not_read_the_training_rows(self, model, monkeypatch):
        X, y = make_data()
        model.fit(X[:250], y[:250])
        assert model.context_cached_ and model.context_strategy_ == "all rows"
        monkeypatch.setattr(TabularTransformer, "read_context", None)
        assert np.isfinite(answer(model, X[250:])).all()

    def test_copies_and_pickles_read_them_again(self, model):
        X, y = make_data()
        expected = answer(model.fit(X[:250], y[:250]), X[250:])
        for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
            np.testing.assert_array_equal(answer(other, X[250:]), expected)
        assert len(pickle.dumps(model)) < 250_000
        assert not hasattr(clone(model), "ensemble_")

    def test_kept_or_not_the_answers_are_the_same(self, model):
        X, y = make_data()
        kept = answer(model.fit(X[:250], y[:250]), X)
        model.set_params(memory_limit=12_000_000).fit(X[:250], y[:250])
        assert not model.context_cached_ and model.n_context_rows_ == 250
        np.testing.assert_allclose(answer(model, X), kept, rtol=0, atol=1e-6)

    def test_a_strategy_is_named_where_rows_are_left_out(self, model):
        X, y = make_data()
        model.set_params(max_context_rows=25).fit(X, y)
        assert model.n_context_rows_ == 25
        assert model.context_strategy_ == "stratified sample per member"


class TestSameNumbers:
    def test_a_row_alone_equals_the_row_in_a_batch(self, model):
        X, y = make_data(400)
        model.fit(X[:300], y[:300])  # in float32
        together = answer(model, X[300:])
        alone = np.concatenate([answer(model, X[row : row + 1]) for row in range(300, 305)])
        np.testing.assert_allclose(alone, together[:5], rtol=0, atol=1e-6)

    @pytest.mark.slow
    def test_threads_do_not_change_them(self, model):
        X, y = make_data(400)
        answers = []
        for n_threads in (1, 2):
            model.set_params(n_threads=n_threads, trees=True).fit(X[:300], y[:300])
            answers.append(answer(model, X[300:]))
        np.testing.assert_allclose(*answers, rtol=0, atol=1e-5)

    def test_the_seed_decides_them(self, model):
        X, y = make_data()
        answers = [
            answer(clone(model).set_params(random_state=seed).fit(X, y), X) for seed in (0, 0, 1)
        ]
        np.testing.assert_array_equal(answers[0], answers[1])
        assert not np.allclose(answers[0], answers[2])


class TestMemory:
    @pytest.mark.slow
    @pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
    @pytest.mark.parametrize(
        ("name", "shape", "limit"),
        [
            ("TabTransferClassifier", (800, 30, 400), 80_000_000),
            ("TabTransferRegressor", (1200, 20, 1200), 60_000_000),
        ],
    )
    def test_the_limit_is_kept(self, name, shape, limit):
        command = [sys.executable, "-P", "-c", PEAK, name, *map(str, shape), str(limit)]
        output = subprocess.run(command, capture_output=True, check=True, text=True).stdout
        peak, _, n_rows = output.split()
        assert int(peak) < limit
        assert int(n_rows) >= 200

    @pytest.mark.parametrize("limit", [1, 1_000_000])
    def test_no_limit_is_too_small(self, model, limit):
        X, y = make_data()
        model.set_params(memory_limit=limit).fit(X, y)
        assert model.n_context_rows_ < 300
        assert np.isfinite(answer(model, X)).all()

    @pytest.mark.parametrize("limit", [0, -1, 1.5, "1 GB"])
    def test_limits_that_make_no_sense(self, model, limit):
        with pytest.raises(TabTransferError, match="memory_limit must be a whole number of bytes"):
            model.set_params(memory_limit=limit).fit(*make_data(20))


def test_progress_is_shown_when_asked_for(model, capsys):
    X, y = make_data(100)
    model.fit(X, y)
    answer(model, X)
    assert capsys.readouterr() == ("", "")
    answer(model.set_params(verbose=True).fit(X, y), X)
    shown = capsys.readouterr().err
    assert "reading the training rows" in shown and "predicting" in shown and "done in" in shown


class TestRareClassesOfSampledRows:
    def test_keep_their_base_rate(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(6000, 2)), np.arange(6000) % 2
        y[rng.choice(6000, 12, replace=False)] = 2  # 0.2 %; one of 64 rows is 1.6 %
        model = TabTransferClassifier(2, trees=False, max_context_rows=64, random_state=0)
        rates = model.fit(X, y).predict_proba(X[:300]).mean(0)
        assert 0.0005 < rates[2] < 0.005
        np.testing.assert_allclose(rates[:2], 0.499, atol=0.1)

    @pytest.mark.slow
    def test_through_a_tree_of_classes(self, make_network, tmp_path):
        network = make_network(max_classes=3)
        for name, parameter in network.named_parameters():
            if name.startswith("heads.classification.3"):
                parameter.zero_()  # all groups are equally probable, whatever is read
        save_checkpoint(tmp_path / "even.safetensors", network, {})
        y = np.repeat(np.arange(6), [1000, 1000, 1000, 1000, 1, 1])
        X = np.random.default_rng(0).normal(size=(len(y), 2))
        options = {"checkpoint": tmp_path / "even.safetensors", "trees": False, "random_state": 0}
        model = TabTransferClassifier(1, max_context_rows=100, **options).fit(X, y)
        found = model.predict_proba(X[:1])[0]
        # Left alone, each of the rare ones has a sixth, like all others.
        assert (found[4:] < 0.05).all() and (found[:4] > 0.1).all()
        assert found.sum() == pytest.approx(1.0)
        whole = TabTransferClassifier(1, **options).fit(X, y).predict_proba(X[:1])[0]
        np.testing.assert_allclose(whole, 1 / 6, atol=1e-6)  # all rows are read: nothing to mend
