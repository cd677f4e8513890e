import numpy as np

from tabtransfer.pretrain.real_tables.copies import find_copies


def test_copies_share_a_number_and_others_do_not():
    generator = np.random.default_rng(0)
    number, code = generator.normal(size=300), generator.integers(0, 5, 300)
    cells = np.stack(
        [
            number,
            code,
            np.exp(number),
            (code + 2) % 5,
            -number,
            number + generator.normal(size=300),
        ],
        axis=1,
    )
    groups = find_copies(cells.astype(np.float32))
    assert groups[0] == groups[2] == groups[4]
    assert groups[1] == groups[3]
    assert len({groups[0], groups[1], groups[5]}) == 3


def test_missing_cells_do_not_hide_a_copy():
    number = np.random.default_rng(0).normal(size=300)
    cells = np.stack([number, 3 * number, np.full(300, np.nan)], axis=1)
    cells[:20, :2] = np.nan
    groups = find_copies(cells.astype(np.float32))
    assert groups[0] == groups[1] != groups[2]


def test_distinct_values_alone_make_no_copy():
    generator = np.random.default_rng(0)
    groups = find_copies(generator.normal(size=(200, 3)).astype(np.float32))
    assert len(set(groups)) == 3


def test_rows_missing_together_and_rows_that_come_twice_make_no_copy():
    numbers = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    twice = np.concatenate([numbers, numbers[:1]])
    pairs = np.repeat(numbers, 2, axis=0)
    gaps = numbers.copy()
    gaps[:60] = np.nan
    for cells in (twice, pairs, gaps):
        assert find_copies(cells).tolist() == [0, 1, 2]
