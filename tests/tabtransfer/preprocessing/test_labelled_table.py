import numpy as np

from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.labelled_table import LabelledTable


def make(labels, n_classes, weights=None):
    X = np.arange(float(len(labels)))[:, None]
    return LabelledTable(TableEncoder().fit(X).transform(X), labels, n_classes, weights)


def test_taken_rows_keep_their_labels_and_weights():
    whole = make(np.array([0, 1, 2, 1]), 3, np.array([1.0, 2.0, 3.0, 4.0]))
    part = whole.take(np.array([3, 0]))
    assert part.labels.tolist() == [1, 0] and part.weights.tolist() == [4.0, 1.0]
    np.testing.assert_array_equal(part.table.values, whole.table.values[[3, 0]])
    assert part.n_rows == 2 and part.n_classes == 3 and part.total_weight == 5.0


def test_without_weights_each_row_counts_once():
    table = make(np.array([0.5, 1.5, 2.5]), 0)
    assert table.total_weight == 3.0 and table.weights_of(np.array([1])) is None
    assert table.take(slice(1, 3)).weights is None


def test_classes_are_strata_and_numbers_are_not():
    assert make(np.array([0, 1, 1]), 2).strata.tolist() == [0, 1, 1]
    numbers = make(np.array([0.5, 1.5, 2.5]), 0)
    assert numbers.is_regression and numbers.strata.tolist() == [0, 0, 0]
    assert not make(np.array([0]), 1).is_regression
