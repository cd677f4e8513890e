import numpy as np

from tabtransfer.preprocessing.copies import left_out_together

X = np.random.default_rng(0).normal(size=(40, 2))


def test_rows_that_recur_by_nature_are_left_out_one_by_one():
    some = np.concatenate([X, X[:15], X[:3]])
    assert left_out_together(X, None) is None
    assert left_out_together(some, None) is None
    assert left_out_together(X, np.where(np.arange(40) < 25, 1.0, 3.0)) is None


def test_a_class_that_was_repeated_is_left_out_together():
    classes = (np.arange(40) % 4 == 0).astype(np.int64)
    times = np.where(classes == 1, 3, 1)
    repeated = left_out_together(X.repeat(times, 0), None, classes.repeat(times))
    weighted = left_out_together(X, times.astype(float), classes)
    np.testing.assert_array_equal(weighted.repeat(times), repeated)
    assert len(np.unique(weighted)) == 40
    # Every third row is repeated, whatever its class.
    by_nature = np.where(np.arange(40) % 3 == 0, 3, 1)
    assert left_out_together(X.repeat(by_nature, 0), None, classes.repeat(by_nature)) is None
    # Of two rows of a class, both may well be repeated.
    rare = (np.arange(40) < 2).astype(np.int64)
    assert left_out_together(X, np.where(rare == 1, 2.0, 1.0), rare) is None


def test_repeated_and_weighted_rows_are_left_out_together():
    weights = np.random.default_rng(1).integers(2, 5, 40)
    weighted = left_out_together(X, weights.astype(float))
    repeated = left_out_together(X.repeat(weights, 0), None)
    np.testing.assert_array_equal(weighted.repeat(weights), repeated)
    assert len(np.unique(weighted)) == 40


def test_rows_whose_copies_differ_in_their_labels_recur_by_nature():
    random = np.random.default_rng(0)
    few = random.integers(0, 3, (400, 2)).astype(float)  # nine different rows, none of them single
    classes, numbers = random.integers(0, 2, 400), random.normal(size=400)
    assert left_out_together(few, None, classes) is None
    assert left_out_together(few, None, numbers) is None
    assert len(np.unique(left_out_together(few, None, few[:, 0]))) == 9
    # Where they are few among rows that were repeated, nothing is by nature.
    repeated = np.concatenate([X, X, X[:5]])
    labels = np.append(np.arange(80) % 40, np.full(5, 50))
    assert len(np.unique(left_out_together(repeated, None, labels))) == 40


def test_any_other_weights_leave_the_whole_row_out():
    for weights in (np.full(40, 0.5), np.full(40, 1.5), np.where(X[:, 0] > 0, 1.0, 1.2)):
        assert len(np.unique(left_out_together(X, weights))) == 40


def test_missing_cells_are_equal():
    holes = np.array([[np.nan, 1.0], [np.nan, 1.0], [1.0, np.nan], [1.0, np.nan]])
    assert left_out_together(holes, None).tolist() == [1, 1, 0, 0]
