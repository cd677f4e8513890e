import numpy as np
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.preprocessing.class_weights import read_class_weights, weigh_classes

CLASSES = np.array(["a", "b", "c"])
LABELS = np.array([0, 0, 0, 0, 1, 2])


@pytest.mark.parametrize("weights", [None, np.array([1.0, 2.0, 3.0, 4.0, 5.0, 0.5])])
def test_balanced_classes_weigh_the_same(weights):
    found = read_class_weights("balanced", CLASSES, LABELS, weights)
    counts = np.bincount(LABELS, weights)
    np.testing.assert_allclose(found * counts, counts.mean())


def test_a_mapping_may_leave_classes_out():
    assert read_class_weights({"b": 3, "c": 0.5}, CLASSES, LABELS).tolist() == [1.0, 3.0, 0.5]
    assert read_class_weights(None, CLASSES, LABELS).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({"b": 1.0, "d": 2.0}, "classes that y doesn't have: 'd'. The classes are 'a', 'b'"),
        ({"b": 0.0}, "class 'b' has 0.0: to leave a class out, drop its rows"),
        ({"b": -1}, "'b' has -1"),
        ({"b": np.nan}, "'b' has nan"),
        ({"b": "much"}, "'b' has 'much'"),
        ("even", 'None, "balanced" or a mapping'),
        ([1.0, 2.0, 3.0], "a mapping"),
    ],
)
def test_class_weights_that_cannot_be_used(class_weight, message):
    with pytest.raises(TabTransferError, match=message):
        read_class_weights(class_weight, CLASSES, LABELS)


def test_probabilities_are_those_of_the_other_population():
    """Bayes' rule, with likelihoods that are known."""
    likelihood = np.random.default_rng(0).dirichlet(np.ones(20), size=3).T  # (20, 3)
    prior, other = np.array([0.7, 0.2, 0.1]), np.array([0.2, 0.3, 0.5])
    before, after = (
        likelihood * p / (likelihood * p).sum(1, keepdims=True) for p in (prior, other)
    )
    np.testing.assert_allclose(weigh_classes(before, 17.0 * other / prior), after)


@pytest.mark.parametrize("weights", [[1.0, 1e-300], [1.0, 1e300], [1e-320, 1e300]])
def test_extreme_weights_keep_what_is_certain(weights):
    found = weigh_classes(np.array([[1.0, 0.0], [0.5, 0.5]]), np.array(weights))
    assert found[0].tolist() == [1.0, 0.0] and np.isfinite(found).all()
