from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError

import tabtransfer
from tabtransfer import TabTransferClassifier, TabTransferError, TabTransferRegressor
from tabtransfer.checkpoint import save_checkpoint
from tabtransfer.inference.fitted import FittedRegressor


def make_table(n_rows=80):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "cause": rng.normal(size=n_rows),
            "noise": rng.normal(size=n_rows),
            "colour": rng.choice(["red", "blue", None], n_rows),
            "day": pd.date_range("2024-01-01", periods=n_rows),
            "constant": 1,
        },
        index=[f"row {i}" for i in range(n_rows)],
    )
    return X, X["cause"] + 0.1 * rng.normal(size=n_rows)


@pytest.fixture(scope="module", params=["classes", "numbers"])
def fitted(request):
    """A model with the shipped weights, and rows it hasn't seen."""
    X, y = make_table()
    if request.param == "classes":
        model, y = TabTransferClassifier(2, random_state=0), np.where(y > 0, "yes", "no")
    else:
        model = TabTransferRegressor(2, random_state=0)
    return model.fit(X[:60], y[:60]), X[60:]


class TestColumns:
    def test_the_cause_matters_most_and_raises_the_prediction_or_lowers_it(self, fitted):
        model, X = fitted
        effects = model.explain(X).columns
        assert effects.index.equals(X.index) and list(effects) == list(X)
        assert effects.abs().mean().idxmax() == "cause"
        if isinstance(model, TabTransferRegressor):
            signs = np.sign(X["cause"]) == np.sign(effects["cause"])
            assert signs[X["cause"].abs() > 0.5].all()
        else:  # of the class predicted, every clear cause is in favour
            assert (effects["cause"][X["cause"].abs() > 0.5] > 0).all()

    def test_a_constant_does_not_matter(self, fitted):
        model, X = fitted
        assert (model.explain(X).columns["constant"] == 0.0).all()

    def test_temperature_and_class_weights_are_part_of_the_prediction(self):
        X, y = make_table()
        labels = np.where(y > 0, "yes", "no")
        model = TabTransferClassifier(
            1, class_weight={"yes": 5.0}, calibrate=True, random_state=0
        ).fit(X[:60], labels[:60])
        found = model.explain(X[60:]).predictions
        np.testing.assert_allclose(found["probability"], model.predict_proba(X[60:]).max(1))
        np.testing.assert_array_equal(found["prediction"], model.predict(X[60:]))


class TestRows:
    def test_weights_of_all_training_rows_sum_to_one(self, fitted):
        model, X = fitted
        rows = model.explain(X, n_rows=60).rows
        np.testing.assert_allclose(rows.groupby("query")["weight"].sum(), np.ones(20))
        assert (rows["weight"] > 0.0).all()

    def test_the_largest_are_named_by_the_labels_of_the_index(self, fitted):
        model, X = fitted
        everything, few = model.explain(X, n_rows=60).rows, model.explain(X, n_rows=3).rows
        largest = everything.groupby("query").head(3).reset_index(drop=True)
        pd.testing.assert_frame_equal(few, largest)
        assert (few.groupby("query")["weight"].diff().dropna() <= 0.0).all()
        X_train, y = make_table()
        targets = y if isinstance(model, TabTransferRegressor) else np.where(y > 0, "yes", "no")
        by_label = pd.Series(targets, X_train.index)
        assert (few["target"].to_numpy() == by_label[few["row"]].to_numpy()).all()

    def test_rows_that_raise_a_class_have_it(self):
        X, y = load_iris(return_X_y=True)
        model = TabTransferClassifier(1, random_state=0).fit(X[::2], y[::2])
        found = model.explain(X[1::6])
        predicted = found.predictions["prediction"].to_numpy()[found.rows["query"]]
        same = found.rows["target"] == predicted
        assert same[found.rows["raises"]].mean() > 0.9 > same[~found.rows["raises"]].mean()

    def test_a_row_that_was_left_out_of_fit_has_no_weight(self):
        X, y = make_table()
        weights = np.ones(80)
        weights[::4] = 0.0
        model = TabTransferRegressor(1, random_state=0).fit(X, y, weights)
        assert not set(model.explain(X[:5], n_rows=80).rows["row"]) & set(X.index[::4])

    def test_of_more_classes_than_outputs_the_rows_on_the_way_count(self, make_network, tmp_path):
        save_checkpoint(tmp_path / "few.safetensors", make_network(max_classes=3), {})
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(70, 3)), np.arange(70) % 7
        model = TabTransferClassifier(2, checkpoint=tmp_path / "few.safetensors", random_state=0)
        rows = model.fit(X, y).explain(X[:5], n_rows=70).rows
        np.testing.assert_allclose(rows.groupby("query")["weight"].sum(), np.ones(5))

    def test_rows_that_no_member_reads_have_no_weight(self):
        X, y = load_diabetes(return_X_y=True)
        model = TabTransferRegressor(2, max_context_rows=50, random_state=0).fit(X, y)
        read = {row for member in model.ensemble_.members for row in member.rows}
        rows = model.explain(X[:3], n_rows=len(X)).rows
        assert set(rows["row"]) <= read
        np.testing.assert_allclose(rows.groupby("query")["weight"].sum(), np.ones(3))

    def test_in_a_table_of_one_class_all_rows_are_alike(self, small_checkpoint):
        X, _ = make_table()
        model = TabTransferClassifier(checkpoint=small_checkpoint).fit(X, ["only"] * 80)
        found = model.explain(X[:2], n_rows=80)
        np.testing.assert_allclose(found.rows["weight"], 1 / 80)
        assert (found.columns == 0.0).all(axis=None)


class TestWhole:
    def test_a_row_alone_is_explained_as_among_others(self, fitted):
        model, X = fitted
        among, alone = model.explain(X), model.explain(X[7:8])
        np.testing.assert_allclose(alone.columns, among.columns[7:8], rtol=1e-6, atol=1e-9)
        own = among.rows[among.rows["query"] == 7]
        assert alone.rows["row"].tolist() == own["row"].tolist()
        np.testing.assert_allclose(alone.rows["weight"], own["weight"], rtol=1e-6)

    def test_explaining_again_gives_the_same(self, fitted):
        model, X = fitted
        first, second = model.explain(X), model.explain(X)
        pd.testing.assert_frame_equal(first.columns, second.columns)
        pd.testing.assert_frame_equal(first.rows, second.rows)

    @pytest.mark.slow
    def test_little_memory_changes_nothing_but_the_pieces(self, monkeypatch):
        X, y = load_diabetes(return_X_y=True)
        X = X[:, 1:4]
        model = TabTransferRegressor(1, random_state=0).fit(X[:100], y[:100])
        sizes = []
        values = FittedRegressor.values
        monkeypatch.setattr(
            FittedRegressor,
            "values",
            lambda self, *args: sizes.append(args[1].n_rows) or values(self, *args),
        )
        whole = model.explain(X[100:120])
        assert max(sizes) > 100
        sizes.clear()
        ensemble = model.ensemble_
        model.memory_limit = 2**18
        ensemble = type(ensemble)(ensemble.training, ensemble.members, memory_limit=2**18)
        model.fitted_ = replace(model.fitted_, ensemble=ensemble)
        pieces = model.explain(X[100:120])
        assert max(sizes) <= 16
        np.testing.assert_allclose(pieces.columns, whole.columns, rtol=1e-6, atol=1e-6)
        pd.testing.assert_frame_equal(pieces.rows, whole.rows)

    def test_a_saved_model_explains_alike(self, fitted, tmp_path):
        model, X = fitted
        model.save(tmp_path / "m.model")
        found, again = model.explain(X), tabtransfer.load(tmp_path / "m.model").explain(X)
        np.testing.assert_array_equal(again.columns, found.columns)
        assert [f"row {place}" for place in again.rows["row"]] == found.rows["row"].tolist()


class TestErrors:
    def test_not_fitted(self):
        with pytest.raises(NotFittedError):
            TabTransferClassifier().explain([[1.0]])

    def test_without_training_rows(self, fitted, tmp_path):
        model, X = fitted
        model.save(tmp_path / "m.model", training_rows=False)
        with pytest.raises(TabTransferError, match="without its training rows"):
            tabtransfer.load(tmp_path / "m.model").explain(X)

    def test_unknown_column(self, fitted):
        model, X = fitted
        with pytest.raises(TabTransferError, match="not seen in fit: 'new'"):
            model.explain(X.rename(columns={"noise": "new"}))

    @pytest.mark.parametrize("n_rows", [0, 2.5, None])
    def test_no_number_of_rows(self, fitted, n_rows):
        model, X = fitted
        with pytest.raises(TabTransferError, match="n_rows must be"):
            model.explain(X, n_rows=n_rows)
