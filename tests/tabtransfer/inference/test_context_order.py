import math

import numpy as np
import pytest

from tabtransfer.finetune.episodes import Episodes
from tabtransfer.inference import context_order
from tabtransfer.inference.ensemble import build_ensemble
from tabtransfer.network import ridge
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.labelled_table import LabelledTable

BLOCK_ROWS = 45


@pytest.fixture
def repeated(monkeypatch):
    """A function that returns 60 rows, three times each, and blocks of 45 rows."""
    for module in (context_order, ridge):
        monkeypatch.setattr(module, "BLOCK_ROWS", BLOCK_ROWS)
    X = np.random.default_rng(0).permutation(np.arange(60.0).repeat(3))[:, None]
    table = TableEncoder().fit(X).transform(X)

    def make(n_classes):
        rows = X[:, 0]
        labels = rows.astype(np.int64) % n_classes if n_classes else rows
        return LabelledTable(table, labels, n_classes)

    return make


def is_in_one_block(copies):
    """Return whether the copies of each row of a context lie in one of its blocks."""
    block = np.arange(len(copies)) % math.ceil(len(copies) / BLOCK_ROWS)
    return [len(set(block[copies == row])) == 1 for row in np.unique(copies)]


@pytest.mark.parametrize("n_classes", [0, 2, 23])
def test_members_read_all_copies_of_a_row_in_one_block(repeated, make_network, n_classes):
    training = repeated(n_classes)
    ensemble = build_ensemble(training, make_network().config, 2, 4096, np.random.default_rng(0))
    wholes = [task.rows for task in ensemble.tasks() if len(task.rows) == 180]
    assert len(wholes) == 2
    for rows in wholes:
        assert sorted(rows) == list(range(180))
        assert all(is_in_one_block(training.copies[rows]))


def test_single_rows_stay_in_their_order(repeated):
    training = repeated(2)
    rows = np.sort(np.unique(training.copies, return_index=True)[1])
    assert context_order.copies_together(training, rows).tolist() == rows.tolist()


def test_contexts_of_episodes_are_ordered_alike(repeated):
    training = repeated(2)
    episode = Episodes(training, 10, 180).draw(np.random.default_rng(3))
    copies = episode.copies[0].numpy()
    assert 2 * BLOCK_ROWS < len(copies) < 180
    assert np.mean(is_in_one_block(copies)) > 0.9
    query_labels = episode.labels[0, episode.n_train :]
    assert len(query_labels) == 180 - len(copies) and set(query_labels.tolist()) == {0, 1}
