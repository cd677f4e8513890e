import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tabtransfer import TabTransferClassifier
from tabtransfer.batch_prediction.scorer import Scorer
from tabtransfer.errors import TabTransferError


def test_probabilities_stand_in_columns_of_their_classes(classifier, frame, X):
    table = pa.Table.from_pandas(frame.assign(day=pd.Categorical(["mo", "tu"] * 30)))
    scorer = Scorer.of(classifier, None, ("id", "day"), None)
    found = scorer(table).to_pandas()
    assert list(found) == ["id", "day", "prediction", "probability_no", "probability_yes"]
    assert found["id"].tolist() == frame["id"].tolist()
    assert found["day"].tolist() == ["mo", "tu"] * 30
    assert found["prediction"].tolist() == classifier.predict(X).tolist()
    np.testing.assert_array_equal(found.iloc[:, -2:], classifier.predict_proba(X))


def test_numbers_come_with_their_quantiles(regressor, X):
    table = pa.Table.from_pandas(X)
    found = Scorer.of(regressor, None, (), (0.25, 0.9))(table).to_pandas()
    assert list(found) == ["prediction", "quantile_0.25", "quantile_0.9"]
    np.testing.assert_array_equal(found["prediction"], regressor.predict(X))
    assert (found["quantile_0.25"] < found["quantile_0.9"]).all()
    names = Scorer.of(regressor, None, (), None).answers
    assert names == ("prediction", "quantile_0.1", "quantile_0.5", "quantile_0.9")


def test_text_is_read_with_the_types_of_fit(classifier, X):
    text = X.astype(object).map(lambda cell: None if pd.isna(cell) else str(cell))
    table = pa.Table.from_pandas(text)
    typed = Scorer.of(classifier, ".", ("whole",), None)(table).to_pandas()
    assert typed["whole"].tolist() == text["whole"].tolist()  # as it was written
    np.testing.assert_array_equal(typed.iloc[:, -2:], classifier.predict_proba(X))


@pytest.mark.parametrize("labels", [[0, 1], [True, False], [0.5, 1.0]])
def test_predictions_have_the_type_of_the_labels(labels, small_checkpoint):
    model = TabTransferClassifier(1, checkpoint=small_checkpoint, random_state=0)
    if labels == [0.5, 1.0]:
        labels = np.array([2.0, 1.0])
    X = pd.DataFrame({"a": np.arange(20.0)})
    model.fit(X, np.asarray(labels)[[0, 1] * 10])
    found = Scorer.of(model, None, (), None)(pa.Table.from_pandas(X))["prediction"]
    assert found.to_numpy().dtype == model.classes_.dtype
    assert found.to_pylist() == model.predict(X).tolist()


def test_pieces_are_smaller_the_more_columns_there_are(classifier):
    assert Scorer.of(classifier, None, (), None).piece_rows == 50_000
    many = tuple(f"c{index}" for index in range(996))
    assert Scorer.of(classifier, None, many, None).piece_rows == 1000


@pytest.mark.parametrize(
    ("keep", "quantiles", "message"),
    [
        (("prediction",), None, "'prediction' can't be kept"),
        ((), (0.5,), "this model predicts classes"),
    ],
)
def test_what_the_model_cannot_give_is_refused(classifier, keep, quantiles, message):
    with pytest.raises(TabTransferError, match=message):
        Scorer.of(classifier, None, keep, quantiles)


def test_models_without_names_and_levels_out_of_range_are_refused(small_checkpoint, regressor):
    model = TabTransferClassifier(1, checkpoint=small_checkpoint).fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(TabTransferError, match="columns have no names"):
        Scorer.of(model, None, (), None)
    with pytest.raises(TabTransferError, match=r"from 0.01 to 0.99, unlike 90"):
        Scorer.of(regressor, None, (), (0.5, 90.0))
