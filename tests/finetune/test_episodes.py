from itertools import count

import numpy as np
import pytest
import torch

from tabtransfer.finetune.episodes import QUERY_SHARES, Episodes
from tabtransfer.inference.views import KINDS
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.labelled_table import LabelledTable


def make_episodes(labels, n_classes, max_classes=10, max_rows=1000, seed=0, kinds=KINDS):
    X = np.arange(len(labels), dtype=float)[:, None]  # the value says which row it is
    table = TableEncoder().fit(X).transform(X)
    rng = np.random.default_rng(seed)
    training = LabelledTable(table, labels, n_classes)
    episodes = Episodes(training, max_classes, max_rows, kinds)
    return table, (episodes.draw(rng) for _ in count())


def rows_of(table, episode):
    """Find the rows of an episode by their order, which every view keeps."""
    return episode.values[0, :, 0].argsort().argsort().numpy()


def test_episodes_split_the_rows_and_keep_labels_with_their_rows():
    labels = np.arange(50) % 3
    table, episodes = make_episodes(labels, 3)
    shares = []
    for _ in range(20):
        episode = next(episodes)
        rows = rows_of(table, episode)
        assert sorted(rows) == list(range(50))
        pairs = np.unique(np.c_[labels[rows], episode.labels[0].numpy()], axis=0)
        assert len(pairs) == 3  # each class has one index
        shares.append(1 - episode.n_train / 50)
    assert min(shares) >= QUERY_SHARES[0] - 0.02 and max(shares) <= QUERY_SHARES[1]
    assert np.ptp(shares) > 0.1


def test_class_indices_are_permuted():
    labels = np.arange(40) % 2
    table, episodes = make_episodes(labels, 2)
    firsts = {
        int(e.labels[0, rows_of(table, e).argmin()]) for e in (next(episodes) for _ in range(9))
    }
    assert firsts == {0, 1}


def test_every_query_class_is_in_the_context():
    labels = np.array([0] * 40 + [1, 1, 2, 2])
    _, episodes = make_episodes(labels, 3)
    for _ in range(20):
        episode = next(episodes)
        context, query = episode.labels[0].tensor_split([episode.n_train])
        assert set(query.tolist()) <= set(context.tolist())


def test_rare_classes_of_the_context_are_asked_for_at_their_base_rate():
    labels = np.array([0] * 480 + [1] * 510 + [2] * 10)
    table, episodes = make_episodes(labels, 3, max_rows=100)
    n_contexts = n_asked = n_query = 0
    for _ in range(800):
        episode = next(episodes)
        own = episode.labels[0].numpy()
        is_rare = own == own[rows_of(table, episode).argmax()]  # the last rows are the rare ones
        if is_rare.sum() <= 10 and is_rare[: episode.n_train].any():
            n_contexts += 1
            n_asked += is_rare[episode.n_train :].sum()
            n_query += len(own) - episode.n_train
    assert 300 < n_contexts < 500  # of 65 rows: none is forced into a sample
    assert n_asked / n_query == pytest.approx(0.01, rel=0.2)


def test_long_tables_are_sampled():
    _, episodes = make_episodes(np.arange(300) % 2, 2, max_rows=64)
    assert next(episodes).values.shape == (1, 64, 1)


def test_more_classes_than_outputs_practise_nodes_of_the_tree():
    labels = np.arange(120) % 12
    _, episodes = make_episodes(labels, 12, max_classes=4)
    drawn = [next(episodes) for _ in range(30)]
    assert {int(e.n_classes) for e in drawn} <= {2, 3, 4}
    assert len({e.values.shape[1] for e in drawn}) > 1
    for e in drawn:
        assert int(e.labels.max()) < int(e.n_classes)


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 1], [0, 1, 2]])
def test_tiny_tables_still_give_a_context_and_a_query(labels):
    _, episodes = make_episodes(np.array(labels), max(labels) + 1)
    for _ in range(10):
        episode = next(episodes)
        assert 0 < episode.n_train < len(labels)


def test_the_same_seed_draws_the_same_episodes():
    one, other = (make_episodes(np.arange(60) % 3, 3, seed=3)[1] for _ in range(2))
    for _ in range(5):
        first, second = next(one), next(other)
        assert torch.equal(first.values, second.values) and first.n_train == second.n_train


@pytest.mark.parametrize("kind", KINDS)
def test_numeric_targets_are_scaled_by_the_context_and_stay_with_their_rows(kind):
    targets = 7.0 + np.random.default_rng(0).permutation(50.0 * np.arange(50))
    table, episodes = make_episodes(targets, 0, max_rows=40, kinds=[kind])
    for _ in range(10):
        episode = next(episodes)
        assert episode.is_regression and episode.n_classes.tolist() == [0]
        context = episode.labels[0, : episode.n_train]
        assert context.mean().item() == pytest.approx(0.0, abs=1e-5)
        tolerance = 0.1 if kind.normal_target else 1e-5
        assert context.square().mean().item() == pytest.approx(1.0, rel=tolerance)
        assert 8 <= 40 - episode.n_train <= 20
    table, episodes = make_episodes(targets, 0, kinds=[kind])
    episode = next(episodes)
    rows = rows_of(table, episode)
    least = 0.95 if kind.normal_target else 1.0 - 1e-6
    assert np.corrcoef(targets[rows], episode.labels[0])[0, 1] > least


@pytest.mark.parametrize("n_classes", [0, 2])
def test_weights_stay_with_their_rows(n_classes):
    weights = np.arange(1.0, 41.0)
    labels = np.arange(40) % 2 if n_classes else np.arange(40.0)
    X = np.arange(40.0)[:, None]
    table = TableEncoder().fit(X).transform(X)
    rng = np.random.default_rng(0)
    episodes = Episodes(LabelledTable(table, labels, n_classes, weights), 10, 40)
    for _ in range(5):
        episode = episodes.draw(rng)
        found = torch.cat([episode.weights, episode.query_weights], 1)[0].numpy()
        np.testing.assert_array_equal(found, weights[rows_of(table, episode)])
        if not n_classes:
            targets, known = episode.labels[0, : episode.n_train], episode.weights[0]
            assert np.average(targets, weights=known) == pytest.approx(0.0, abs=0.05)
