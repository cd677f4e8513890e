import numpy as np

from tabtransfer.preprocessing.stratified import stratified_order, stratified_rows


def test_every_start_of_a_stratified_order_is_in_proportion():
    labels = np.array([0] * 300 + [1] * 90 + [2] * 10)
    order = stratified_order(labels, np.random.default_rng(0))
    assert sorted(order.tolist()) == list(range(400))
    for stop in (40, 100, 399):
        counts = np.bincount(labels[order[:stop]], minlength=3)
        expected = np.array([300, 90, 10]) * stop / 400
        assert np.abs(counts - expected).max() <= 2


class TestStratifiedRows:
    def test_few_rows_are_all_taken_in_order(self):
        rows = stratified_rows(np.array([1, 0, 1]), 3, np.random.default_rng(0))
        assert rows.tolist() == [0, 1, 2]

    def test_classes_keep_their_shares_and_rare_ones_a_row(self):
        labels = np.repeat([0, 1, 2, 3], [600, 300, 99, 1])
        rows = stratified_rows(labels, 100, np.random.default_rng(0))
        counts = np.bincount(labels[rows], minlength=4)
        assert len(set(rows)) == 100 and counts[3] == 1
        np.testing.assert_allclose(counts, [60, 30, 10, 1], atol=1)

    def test_a_class_that_may_be_absent_has_its_share_on_average(self):
        labels, rng = np.repeat([0, 1, 2, 3], [600, 297, 100, 3]), np.random.default_rng(0)
        drawn = [stratified_rows(labels, 100, rng, every_class=False) for _ in range(400)]
        counts = np.array([np.bincount(labels[rows], minlength=4) for rows in drawn])
        assert {len(set(rows)) for rows in drawn} == {100}
        np.testing.assert_allclose(counts.mean(0), [60, 29.7, 10, 0.3], atol=0.1)
        assert set(counts[:, 3]) == {0, 1} and np.ptp(counts[:, 0]) <= 3

    def test_rows_are_drawn_at_random(self):
        labels = np.zeros(1000, int)
        drawn = [stratified_rows(labels, 500, np.random.default_rng(seed)) for seed in (0, 0, 1)]
        np.testing.assert_array_equal(drawn[0], drawn[1])
        assert 150 < len(np.intersect1d(drawn[0], drawn[2])) < 350

    def test_equal_classes_share_what_is_left_at_random(self):
        labels = np.arange(40) % 4
        counts = sum(
            np.bincount(
                labels[stratified_rows(labels, 6, np.random.default_rng(seed))], minlength=4
            )
            for seed in range(50)
        )
        assert counts.min() > 55
