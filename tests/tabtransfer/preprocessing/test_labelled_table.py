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


class TestCopies:
    def make(self, repeats, related=None):
        X = np.random.default_rng(0).permutation(np.arange(60.0).repeat(repeats))[:, None]
        table = TableEncoder().fit(X).transform(X)
        return LabelledTable(table, X[:, 0].astype(np.int64) % 2, 2, related=related)

    def test_folds_hold_all_copies_of_a_row(self):
        table = self.make(3)
        folds = table.folds_with_copies(np.arange(180) % 5)
        assert {len(set(folds[table.copies == row])) for row in range(60)} == {1}
        assert (np.bincount(folds) > 9).all()

    def test_single_and_very_frequent_rows_are_held_out_one_by_one(self):
        for table in (self.make(1), self.make([80] + [2] * 59)):
            folds = np.arange(table.n_rows) % 5
            np.testing.assert_array_equal(table.folds_with_copies(folds), folds)
            assert table.own_with_copies(np.array([5, 2, 9])).tolist() == [2, 5, 9]

    def test_rows_come_with_their_copies_and_are_no_more_than_asked_for(self):
        table, rows = self.make(3), np.random.default_rng(1).permutation(180)[:30]
        chosen = table.own_with_copies(rows)
        assert len(chosen) == 30 and (np.diff(chosen) > 0).all()
        assert set(np.bincount(table.copies[chosen])) == {0, 3}
        assert rows[0] in chosen
        assert len(table.own_with_copies(rows[:2])) == 0

    def test_related_copies_are_not_chosen(self):
        related = np.arange(180) % 3 == 0
        table, rows = self.make(3, related), np.flatnonzero(~related)[:30]
        chosen = table.own_with_copies(rows)
        assert len(chosen) and not related[chosen].any()
        assert set(table.copies[chosen]).isdisjoint(table.copies[np.setdiff1d(table.own, chosen)])

    def test_related_copies_come_with_rows(self):
        related = np.arange(180) % 3 == 0
        table, rows = self.make(3, related), np.flatnonzero(~related)[:30]
        together = table.with_related_copies(rows)
        assert set(rows) < set(together) and related[np.setdiff1d(together, rows)].all()
        left = np.setdiff1d(np.flatnonzero(related), together)
        assert set(table.copies[left]).isdisjoint(table.copies[rows])

    def test_without_related_rows_none_come(self):
        assert self.make(3).with_related_copies(np.array([5, 2])).tolist() == [2, 5]
