"""Tables drawn at random, of odd columns, targets and weights: all of them can be fitted."""

import numpy as np
import pandas as pd
import pytest

from tabtransfer import TabTransferClassifier, TabTransferRegressor

COLUMNS = (
    lambda n, rng: rng.normal(size=n),
    lambda n, rng: rng.integers(0, 3, n).astype(float),
    lambda n, rng: rng.choice(list("abc"), n),
    lambda n, rng: [f"v{number}" for number in rng.integers(0, n, n)],
    lambda n, rng: np.full(n, 7.0),
    lambda n, rng: np.full(n, np.nan),
    lambda n, rng: np.exp(30.0 * rng.normal(size=n)),
    lambda n, rng: np.where(rng.random(n) < 0.9, np.nan, rng.normal(size=n)),
    lambda n, rng: np.arange(n) % 2 == 0,
    lambda n, rng: 1e17 + rng.integers(0, 4, n),
    lambda n, rng: 1e-300 * rng.normal(size=n),
    lambda n, rng: pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 10**6, n), "s"),
)
NUMBERS = (
    lambda n, rng: rng.normal(size=n),
    lambda n, rng: rng.integers(0, 2, n).astype(float),
    lambda n, rng: 1e12 + 1e-3 * rng.normal(size=n),
    lambda n, rng: np.exp(20.0 * rng.normal(size=n)),
    lambda n, rng: np.where(rng.random(n) < 0.98, 0.0, 1e9),
)
CLASSES = (
    lambda n, rng: rng.integers(0, 3, n),
    lambda n, rng: rng.integers(0, max(2, n // 3), n),
    lambda n, rng: np.where(rng.random(n) < 0.95, "often", "rarely"),
)
WEIGHTS = (
    lambda n, rng: None,
    lambda n, rng: np.where(rng.random(n) < 0.5, 0.0, 1.0),
    lambda n, rng: rng.random(n) ** 40,
    lambda n, rng: np.where(np.arange(n) == 3, 1e12, 1.0),
    lambda n, rng: rng.integers(1, 4, n).astype(float),
)


def draw_table(seed, targets):
    """Draw a table, one of the targets, and weights."""
    rng = np.random.default_rng(seed)
    n_rows = int(rng.choice([5, 20, 60, 70, 150]))

    def pick(makers):
        return makers[rng.integers(len(makers))](n_rows, rng)

    X = pd.DataFrame({f"c{place}": pick(COLUMNS) for place in range(rng.choice([1, 2, 5]))})
    if rng.random() < 0.3:  # most rows have copies
        X = X.iloc[rng.integers(0, max(2, n_rows // 8), n_rows)].reset_index(drop=True)
    return X, pick(targets), pick(WEIGHTS)


def fit_and_ask(model, method, seed, targets, **tolerance):
    """Return predictions of some rows, the first of which is asked about alone as well."""
    X, y, weights = draw_table(seed, targets)
    ask = getattr(model.fit(X, y, sample_weight=weights), method)
    predicted = ask(X[:5])
    np.testing.assert_allclose(ask(X[:1]), predicted[:1], **tolerance)
    return predicted


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(25))
def test_numbers_are_predicted(seed, regression_checkpoint):
    model = TabTransferRegressor(2, checkpoint=regression_checkpoint, random_state=0)
    assert np.isfinite(fit_and_ask(model, "predict", seed, NUMBERS, rtol=1e-4)).all()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(25))
def test_probabilities_are_predicted(seed, small_checkpoint):
    model = TabTransferClassifier(2, checkpoint=small_checkpoint, random_state=0)
    predicted = fit_and_ask(model, "predict_proba", seed, CLASSES, atol=1e-5)
    np.testing.assert_allclose(predicted.sum(1), 1.0)
