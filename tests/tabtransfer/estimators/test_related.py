import numpy as np
import pandas as pd
import pytest

from tabtransfer import FinetuneConfig, TabTransferClassifier, TabTransferRegressor, load
from tabtransfer.errors import TabTransferError


def table(n_rows, seed):
    X = pd.DataFrame(np.random.default_rng(seed).normal(size=(n_rows, 2)), columns=["a", "b"])
    return X, X["a"] - 2.0 * X["b"]


NEW, KNOWN = table(40, 0), table(80, 1)


@pytest.fixture(scope="module")
def make(small_checkpoint):
    def make(**parameters):
        usual = {"checkpoint": small_checkpoint, "trees": False, "random_state": 0}
        return TabTransferClassifier(1, **{**usual, **parameters})

    return make


def test_related_rows_are_read_as_if_they_were_training_rows(regression_checkpoint):
    model = TabTransferRegressor(1, checkpoint=regression_checkpoint, trees=False, random_state=0)
    together = model.fit(pd.concat([NEW[0], KNOWN[0]]), pd.concat([NEW[1], KNOWN[1]]))
    expected = together.predict(NEW[0][:5])
    beside = model.fit(*NEW, related=KNOWN)
    np.testing.assert_array_equal(beside.predict(NEW[0][:5]), expected)
    assert beside.n_context_rows_ == 120 and not np.array_equal(
        model.fit(*NEW).predict(NEW[0][:5]), expected
    )


def test_what_judges_are_own_rows_alone(make):
    y, others = NEW[1] > 0, KNOWN[1] > 0
    config = FinetuneConfig(max_steps=1, children=1, min_validation_rows=4)
    model = make(calibrate=True, finetune=config).fit(NEW[0], y, related=(KNOWN[0], others))
    assert model.calibration_.n_rows == 8  # of 40 a fifth, which the tuned network hasn't seen
    assert model.finetuning_.n_rows == 4  # half of them
    assert make(calibrate=True).fit(NEW[0], y, related=(KNOWN[0], others)).calibration_.n_rows == 40


def test_a_model_with_related_rows_comes_back_as_it_was(make, tmp_path):
    model = make(trees=True).fit(NEW[0], NEW[1] > 0, related=(KNOWN[0], KNOWN[1] > 0))
    model.save(tmp_path / "m")
    again = load(tmp_path / "m")
    np.testing.assert_array_equal(again.predict_proba(NEW[0]), model.predict_proba(NEW[0]))
    assert again.fitted_.rows.related.sum() == again.fitted_.ensemble.training.related.sum() == 80
    with pytest.raises(TabTransferError, match="related rows can't be saved without"):
        model.save(tmp_path / "n", training_rows=False)
    with pytest.raises(TabTransferError, match="50 training rows, and the model has 40"):
        model.distill()


def test_classes_are_those_of_the_training_rows(make):
    y = np.where(KNOWN[1] > 1, "high", np.where(KNOWN[1] > 0, "up", "down"))
    with pytest.warns(UserWarning, match="classes that y doesn't have") as said:
        model = make().fit(NEW[0], np.where(NEW[1] > 0, "up", "down"), related=(KNOWN[0], y))
    assert model.classes_.tolist() == ["down", "up"]
    assert said[0].filename == __file__
    assert "related 0" in model.fitted_.rows.X.index
