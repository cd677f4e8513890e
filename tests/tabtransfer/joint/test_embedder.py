import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from tabtransfer import TabTransferClassifier, TabTransferEmbedder, TabTransferError


@pytest.fixture(scope="module")
def wine():
    X, y = load_wine(return_X_y=True, as_frame=True)
    return X.iloc[:, [0, 6, 9, 11]], y


@pytest.fixture(scope="module")
def embedder(wine):
    X, y = wine
    return TabTransferEmbedder(random_state=0).fit(X[::2], y[::2])


@pytest.mark.slow
@parametrize_with_checks([TabTransferEmbedder()])
def test_scikit_learn_checks(estimator, check, regression_checkpoint):
    check(estimator.set_params(checkpoint=regression_checkpoint))


def test_vectors_tell_classes_apart(embedder, wine):
    X, y = wine
    model = LogisticRegression(C=0.1, max_iter=1000).fit(embedder.transform(X[::2]), y[::2])
    assert model.score(embedder.transform(X[1::2]), y[1::2]) > 0.9


def test_training_rows_are_embedded_without_their_label(wine, regression_checkpoint):
    X, y = wine
    flipped = y.copy()
    flipped.iloc[0] = 2

    def first(target):
        embedder = TabTransferEmbedder(checkpoint=regression_checkpoint, random_state=0)
        embedder.fit(X, target)
        own, near = X[:1].copy(), X[:1] + 1e-4
        return embedder.transform(own), embedder.transform(near)

    (own, near), (own_flipped, near_flipped) = first(y), first(flipped)
    # Labels move rows to other folds, but not by as much as a label in view moves a vector.
    assert np.abs(near - near_flipped).mean() > 2 * np.abs(own - own_flipped).mean()


def test_rows_are_embedded_alone_as_among_others_and_in_any_frame(embedder, wine):
    X, _ = wine
    vectors = embedder.transform(X[:6])
    assert vectors.shape == (6, 192) and vectors.dtype == np.float64
    np.testing.assert_allclose(embedder.transform(X[4:5]), vectors[4:5], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(embedder.transform(pl.from_pandas(X[:6])), vectors)
    assert embedder.get_feature_names_out()[1] == "tabtransferembedder1"


def test_columns_take_the_place_of_a_target(table, regression_checkpoint):
    embedder = TabTransferEmbedder(checkpoint=regression_checkpoint, random_state=0).fit(table)
    vectors = embedder.transform(table[:3])
    assert vectors.shape == (3, 6 * 192)
    other = table[:3].assign(size=table["size"][:3] + 1.0)
    assert np.abs(embedder.transform(other) - vectors).max() > 1e-3


def test_numbers_as_target(table, regression_checkpoint):
    embedder = TabTransferEmbedder(checkpoint=regression_checkpoint, random_state=0)
    assert embedder.fit_transform(table[["sign", "flag"]], table["size"]).shape == (80, 192)


def test_models_embed_by_all_of_their_members(wine):
    X, y = wine
    model = TabTransferClassifier(2, trees=False, random_state=0).fit(X[::2], y[::2])
    vectors = model.embed(X[1::2])
    assert vectors.shape == (89, 2 * 192)
    head = LogisticRegression(C=0.1, max_iter=1000).fit(vectors, model.predict(X[1::2]))
    assert head.score(vectors, model.predict(X[1::2])) > 0.95


@pytest.mark.parametrize("target", [None, [1, 1, 1], [1, 0, 1], [0.5, 0.1, 0.2]])
@pytest.mark.filterwarnings("ignore:All")
def test_what_cannot_be_told_apart_is_refused(target):
    frame = pd.DataFrame({"a": [1, 1, 1], "b": list("xxx")})
    with pytest.raises(TabTransferError, match="apart"):
        TabTransferEmbedder().fit(frame, target)


@pytest.mark.filterwarnings("ignore:All")
def test_models_of_one_class_have_no_vectors(small_checkpoint):
    model = TabTransferClassifier(1, checkpoint=small_checkpoint).fit([[1.0], [2.0]], ["a", "a"])
    with pytest.raises(TabTransferError, match="one class"):
        model.embed([[1.0]])
