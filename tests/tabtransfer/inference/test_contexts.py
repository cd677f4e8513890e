from dataclasses import replace

import numpy as np
import pytest

import tabtransfer
from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.estimators.summary import fit_lines
from tabtransfer.inference import contexts
from tabtransfer.inference.base_rates import base_rate_shift
from tabtransfer.inference.contexts import learn_clusters, pools
from tabtransfer.inference.ensemble import build_ensemble
from tabtransfer.inference.memory import MemoryBudget
from tabtransfer.inference.row_clusters import RowClusters
from tabtransfer.network.transformer import NetworkConfig
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.labelled_table import LabelledTable


def make_data(n_rows=400):
    X = np.random.default_rng(0).normal(size=(n_rows, 3))
    return X, (X[:, 0] + X[:, 1] > 0).astype(int)


@pytest.fixture
def small_clusters(monkeypatch):
    """Clusters of some 80 rows, where there are usually more than a thousand."""
    monkeypatch.setattr(contexts, "ROWS_OF_CLUSTER", 80)
    monkeypatch.setattr(contexts, "FEWEST_ROWS", 60)


@pytest.fixture(params=[TabTransferClassifier, TabTransferRegressor])
def model(request, regression_checkpoint, small_clusters):
    return request.param(
        checkpoint=regression_checkpoint, trees=False, random_state=0, max_context_rows=200
    )


def answer(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def encode(model, X):
    return model.fitted_.encode(model.encoder_.align(X))


def n_clusters(model):
    return len(model.ensemble_.clusters.centres)


class TestPools:
    def learn(self, n_rows, n_members=4, max_context_rows=200, n_classes=2, memory=2**40):
        X, y = make_data(n_rows)
        training = LabelledTable(TableEncoder().fit(X).transform(X), y, n_classes)
        rows, budget = np.arange(n_rows), MemoryBudget.of(memory)
        config = NetworkConfig()
        found = learn_clusters(training, rows, n_members, max_context_rows, config, budget, 0)
        return len(found.centres)

    def test_clusters_are_for_more_rows_than_a_context_holds(self, small_clusters):
        assert self.learn(200) == self.learn(1000, max_context_rows=1000) == 1
        assert self.learn(230) == 2
        assert self.learn(3000) == contexts.MOST_CLUSTERS
        assert self.learn(1000, n_members=1) == self.learn(1000, n_classes=11) == 1

    def test_of_numbers_they_begin_sooner(self, small_clusters):
        assert self.learn(239, max_context_rows=1000, n_classes=0) == 1
        assert self.learn(240, max_context_rows=1000, n_classes=0) == 3

    def test_little_memory_makes_fewer_of_them(self, small_clusters):
        found = [self.learn(1000, memory=limit * 10**6) for limit in (50, 100, 150, 300)]
        assert found[0] == 1 and found[-1] == contexts.MOST_CLUSTERS
        assert found == sorted(found) and len(set(found)) == 4

    def test_half_of_the_members_read_rows_of_a_cluster_and_some_others(self, small_clusters):
        X, _ = make_data()
        table = TableEncoder().fit(X).transform(X)
        labels = np.zeros(400, int)
        labels[[3, 300, 301]] = [1, 2, 2]
        training, readable = LabelledTable(table, labels, 3), np.arange(390)
        clusters = RowClusters.learn(table, 4, None, seed=0)
        places = clusters.of(table)
        found = list(pools(training, readable, clusters, 5, 150, np.random.default_rng(0)))
        assert [pool.member for pool in found] == [0, 1, 2, *[3] * 4, *[4] * 4]
        assert [pool.cluster for pool in found] == [None] * 3 + list(range(4)) * 2
        assert all(np.array_equal(pool.rows, readable) for pool in found[:3])
        for pool in found[3:]:
            assert len(pool.rows) == len(set(pool.rows)) <= 150 and pool.rows.max() < 390
            assert set(labels[pool.rows]) == {0, 1, 2}
            own = (places[:390] == pool.cluster).sum()
            assert (places[pool.rows] == pool.cluster).sum() == min(own, 112)
            assert (places[pool.rows] != pool.cluster).sum() >= len(pool.rows) // 4


class TestModels:
    def test_each_row_is_asked_about_in_its_own_cluster(self, model):
        X, y = make_data()
        model.fit(X[:350], y[:350])
        ensemble, query = model.ensemble_, encode(model, X[350:])
        assert n_clusters(model) == 4 and model.n_estimators_ == ensemble.n_asked == 2
        assert model.n_context_rows_ <= 200
        assert model.context_strategy_ == "samples and clusters"
        assert dict(fit_lines(model))["Members"] == "2, half of them by 4 clusters of rows"
        asked = ensemble.asked(ensemble.tasks(), query)
        assert len(asked[0]) == 50 and len(asked) == 5
        assert sorted(np.concatenate(asked[1:])) == list(range(50))

    def test_a_row_alone_equals_the_row_among_others(self, model):
        X, y = make_data()
        model.fit(X[:350], y[:350])
        together = answer(model, X[350:])
        alone = np.concatenate([answer(model, X[row : row + 1]) for row in range(350, 400)])
        np.testing.assert_allclose(alone, together, rtol=0, atol=1e-6)

    def test_all_rows_of_numbers_are_read_beside_clusters(self, model):
        X, y = make_data()
        model.set_params(max_context_rows=1000).fit(X, y)
        numbers = isinstance(model, TabTransferRegressor)
        assert model.context_strategy_ == ("all rows and clusters" if numbers else "all rows")
        assert model.n_context_rows_ == 400 and n_clusters(model) == (5 if numbers else 1)

    def test_as_many_members_as_asked_for(self, model):
        X, y = make_data()
        for n_members in (1, 2, 3):
            model.set_params(n_estimators=n_members).fit(X[:350], y[:350])
            assert model.n_estimators_ == n_members
            assert len(model.ensemble_.members) == [1, 5, 6][n_members - 1]
            assert np.isfinite(answer(model, X)).all()
        model.set_params(n_estimators=1).fit(X, y)
        assert n_clusters(model) == 1

    def test_a_rare_class_is_as_frequent_as_it_is_in_the_cluster(
        self, make_network, small_clusters
    ):
        X = np.random.default_rng(0).normal(np.repeat([-5.0, 5.0], 200)[:, None], 0.1, (400, 2))
        y = np.arange(400) % 2
        y[:2] = 2  # all rows of their cluster are read, and a third of the others
        training = LabelledTable(TableEncoder().fit(X).transform(X), y, 3)
        clusters, rng = RowClusters.learn(training.table, 2, None, 0), np.random.default_rng(0)
        network = make_network()
        ensemble = build_ensemble(training, network.config, 2, 300, rng, clusters=clusters)
        home = clusters.of(training.table)[0]
        for member in ensemble.members[1:]:
            ((node, rows),) = member.context.items()
            own = clusters.of(training.table) == member.cluster
            shifts = base_rate_shift(y, 3, node, rows, own)
            shift = float(shifts[node.group_of(y[:1], 3)[0]])
            at_home = member.cluster == home
            assert (y[rows] == 2).sum() == (2 if at_home else 1)
            assert shift == pytest.approx(0.0 if at_home else np.log(2 * 67 / 200))

    def test_a_saved_model_predicts_the_same(self, model, tmp_path, monkeypatch):
        X, y = make_data()
        expected = answer(model.fit(X[:350], y[:350]), X)
        model.save(tmp_path / "m.model")
        monkeypatch.setattr(RowClusters, "learn", None)  # another version may find others
        again = tabtransfer.load(tmp_path / "m.model")
        np.testing.assert_array_equal(answer(again, X), expected)

    def test_explanations_name_rows_that_were_read(self, model):
        X, y = make_data()
        model.fit(X[:350], y[:350])
        among, alone = model.explain(X[350:370], n_rows=5), model.explain(X[357:358], n_rows=5)
        own = among.rows[among.rows["query"] == 7]
        assert own["row"].tolist() == alone.rows["row"].tolist()
        np.testing.assert_allclose(alone.columns, among.columns[7:8], rtol=1e-5, atol=1e-8)
        ensemble, query = model.ensemble_, encode(model, X[350:370])
        tasks = ensemble.tasks()
        for place in range(20):
            read = {
                row
                for task, asked in zip(tasks, ensemble.asked(tasks, query), strict=True)
                if place in asked
                for row in task.rows
            }
            assert set(among.rows.loc[among.rows["query"] == place, "row"]) <= read

    def test_vectors_are_those_of_members_that_read_all_clusters(self, model):
        X, y = make_data()
        vectors = model.fit(X[:350], y[:350]).embed(X[350:])
        assert vectors.shape == (50, model.fitted_.network.get().config.d_row)
        assert np.isfinite(vectors).all()

    def test_rows_that_cannot_be_told_apart_make_no_clusters(self, model):
        X = np.array([f"n{number % 40}" for number in range(400)])[:, None]
        model.fit(X, np.arange(400) % 2)
        assert n_clusters(model) == 1 and model.n_estimators_ == 4

    def test_contexts_that_are_not_kept_change_nothing(self, model):
        X, y = make_data()
        expected = answer(model.fit(X[:350], y[:350]), X)
        ensemble = replace(model.ensemble_, memory_limit=2**20)
        model.fitted_ = replace(model.fitted_, ensemble=ensemble)
        assert not ensemble.read(model.fitted_.placed_network())
        np.testing.assert_allclose(answer(model, X), expected, rtol=0, atol=1e-6)
