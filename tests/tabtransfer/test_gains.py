import numpy as np

from tabtransfer.gains import bootstrap_mean


def test_bootstrap_interval_covers_the_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    low, high = bootstrap_mean(rng.normal(size=(40, 300)))
    covered = np.mean((low <= 0) & (high >= 0))
    assert 0.90 < covered < 0.98
