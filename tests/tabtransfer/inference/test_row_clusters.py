import numpy as np
import pandas as pd
import pytest
from threadpoolctl import threadpool_limits

from tabtransfer.inference import row_clusters
from tabtransfer.inference.row_clusters import RowClusters
from tabtransfer.preprocessing.encoder import TableEncoder


def encode(X):
    return TableEncoder().fit(X).transform(X)


@pytest.fixture
def mixed():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(300, 3)), columns=list("abc"))
    frame["kind"] = rng.choice(["x", "y", "z"], 300)
    frame.loc[::7, "a"] = np.nan
    frame.loc[::9, "kind"] = None
    return encode(frame)


def test_rows_of_a_category_are_alike_whatever_its_number():
    frame = pd.DataFrame({"kind": ["red", "green", "blue", "white"] * 10})
    places = RowClusters.learn(encode(frame), 4, None, seed=0).of(encode(frame))
    assert len(set(places)) == 4
    assert pd.Series(places).groupby(frame["kind"]).nunique().eq(1).all()


def test_an_extreme_number_makes_no_cluster_of_its_own():
    X = np.r_[np.full(50, -1.0), np.full(49, 1.0), 1e9][:, None]
    table = encode(X)
    places = RowClusters.learn(table, 2, None, seed=0).of(table)
    assert set(places[:50]).isdisjoint(places[50:99])


def test_a_row_alone_belongs_where_it_does_among_others(mixed, monkeypatch):
    clusters = RowClusters.learn(mixed, 5, None, seed=0)
    places = clusters.of(mixed)
    assert set(places) == set(range(5))
    assert [int(clusters.of(mixed.take([row]))[0]) for row in range(20)] == places[:20].tolist()
    monkeypatch.setattr(row_clusters, "_PIECE", 7)
    np.testing.assert_array_equal(clusters.of(mixed), places)
    assert clusters.of(mixed.take(slice(0, 0))).shape == (0,)


def test_threads_and_a_second_time_change_nothing(mixed):
    first = RowClusters.learn(mixed, 5, None, seed=0).centres
    with threadpool_limits(2):
        again = RowClusters.learn(mixed, 5, None, seed=0).centres
    np.testing.assert_array_equal(again, first)
    assert not np.array_equal(RowClusters.learn(mixed, 5, None, seed=1).centres, first)


def test_a_weight_of_2_counts_as_two_rows():
    table = encode(np.array([[0.0], [1.0], [10.0], [11.0]]))
    weights = np.array([1.0, 3.0, 1.0, 1.0])
    centres = np.sort(RowClusters.learn(table, 2, weights, seed=0).centres[:, 0])
    cells = table.values[:, 0]
    expected = [(cells[0] + 3 * cells[1]) / 4, (cells[2] + cells[3]) / 2]
    np.testing.assert_allclose(centres, expected, rtol=1e-6)


def test_no_more_clusters_than_rows_that_differ():
    few = encode(np.array([[0.0], [1.0], [2.0]] * 5))
    assert len(RowClusters.learn(few, 8, None, seed=0).centres) == 3
    names = encode(pd.DataFrame({"name": [f"n{number % 40}" for number in range(400)]}))
    assert names.n_categories[0] > 16  # too many to tell clusters apart
    assert len(RowClusters.learn(names, 8, None, seed=0).centres) == 1


def test_a_part_of_many_rows_says_where_centres_are(mixed, monkeypatch):
    monkeypatch.setattr(row_clusters, "_MOST_ROWS", 100)
    clusters = RowClusters.learn(mixed, 4, np.ones(300), seed=0)
    assert len(clusters.centres) == 4 and set(clusters.of(mixed)) == set(range(4))


def test_centres_of_another_table_are_refused(mixed):
    clusters = RowClusters.learn(mixed, 4, None, seed=0)
    with pytest.raises(ValueError, match="another table"):
        clusters.of(encode(np.eye(3)[:, :2]))
    assert RowClusters.one().of(mixed).tolist() == [0] * 300
