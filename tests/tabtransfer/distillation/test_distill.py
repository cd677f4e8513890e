import json
import zipfile

import numpy as np
import onnxruntime
import pandas as pd
import pytest

import tabtransfer
from tabtransfer import Student, TabTransferClassifier, TabTransferRegressor
from tabtransfer.distillation import distill
from tabtransfer.errors import TabTransferError
from tabtransfer.inference.out_of_fold import predict_out_of_fold


def make_table(n_rows=90):
    random = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "size": random.normal(size=n_rows),
            "town": random.choice(["Rome", "Oslo", None], n_rows),
            "sold": pd.date_range("2024-01-01", periods=n_rows, freq="D"),
        }
    )
    return X, 3.0 * X["size"] + random.normal(size=n_rows)


@pytest.fixture(scope="module")
def regressor(regression_checkpoint):
    model = TabTransferRegressor(1, checkpoint=regression_checkpoint, random_state=0)
    return model.fit(*make_table())


@pytest.fixture(scope="module")
def classifier(small_checkpoint):
    X, y = make_table()
    labels = pd.qcut(y, 3, labels=["low", "mid", "high"]).astype(str)
    model = TabTransferClassifier(1, checkpoint=small_checkpoint, trees=False, random_state=0)
    return model.fit(X, labels, sample_weight=np.linspace(1.0, 2.0, len(X)))


@pytest.fixture(scope="module")
def student(classifier):
    return classifier.distill(make_table()[0][:20])


@pytest.fixture(scope="module")
def number_student(regressor):
    return regressor.distill()


def test_a_student_of_classes_reads_the_table_as_the_teacher_does(student, classifier):
    X, _ = make_table()
    probabilities = student.predict_proba(X)
    assert probabilities.shape == (90, 3)
    np.testing.assert_allclose(probabilities.sum(1), 1.0)
    assert student.classes_.tolist() == classifier.classes_.tolist()
    assert (student.predict(X) == student.classes_[probabilities.argmax(1)]).all()
    assert student.report.metric == "log loss" and student.report.n_rows == 18
    assert "held-out rows" in str(student.report)


@pytest.mark.slow
def test_a_student_of_numbers_predicts_numbers(number_student):
    X, y = make_table()
    assert np.corrcoef(number_student.predict(X), y)[0, 1] > 0.7
    report = number_student.report
    assert report.metric == "root mean squared error" and report.labels_alone < y.std()
    with pytest.raises(TabTransferError, match="call predict"):
        number_student.predict_proba(X)


@pytest.mark.parametrize("kind", ["student", "number_student"])
def test_a_saved_student_comes_back_without_pickle(kind, request, tmp_path):
    student = request.getfixturevalue(kind)
    path = tmp_path / "a.student"
    student.save(path)
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == [
            *("student.cbm", "student.json", "table.parquet", "target.parquet")
        ]
        assert json.loads(archive.read("student.json"))["version"] == tabtransfer.__version__
    again = Student.load(path)
    X, _ = make_table()
    np.testing.assert_array_equal(again.values(X), student.values(X))
    assert again.report == student.report
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(TabTransferError, match="no complete saved model"):
        Student.load(path)


def test_trees_are_written_as_onnx_and_predict_alike(student, number_student, tmp_path):
    X, _ = make_table()
    for taught, output, values in (
        (student, "probabilities", student.predict_proba(X)),
        (number_student, "predictions", number_student.predict(X)),
    ):
        taught.to_onnx(tmp_path / f"{output}.onnx")
        session = onnxruntime.InferenceSession(tmp_path / f"{output}.onnx")
        [found] = session.run([output], {"features": taught.encode(X)})
        if output == "probabilities":  # a dictionary for each row
            found = [[row[place] for place in range(len(student.classes_))] for row in found]
        np.testing.assert_allclose(np.reshape(found, values.shape), values, rtol=1e-4, atol=1e-5)


def test_rows_are_predicted_without_their_own_labels(regressor, regression_checkpoint):
    X, y = make_table()
    first = predict_out_of_fold(regressor.fitted_)
    assert first.shape == (90, 1) and np.isfinite(first).all()
    # A label that is far out moves the predictions of others, hardly its own.
    moved = y.copy()
    moved[7] += 40.0
    other = TabTransferRegressor(1, checkpoint=regression_checkpoint, random_state=0).fit(X, moved)
    change = np.abs(predict_out_of_fold(other.fitted_) - first)[:, 0]
    assert change[7] < 10.0


def test_a_class_of_one_row_isnt_predicted_out_of_fold(small_checkpoint):
    X, y = make_table(60)
    labels = np.where(y > 0, "a", "b")
    labels[3] = "once"
    model = TabTransferClassifier(1, checkpoint=small_checkpoint, trees=False, random_state=0)
    predicted = predict_out_of_fold(model.fit(X, labels).fitted_)
    assert np.flatnonzero(np.isnan(predicted).any(1)).tolist() == [3]


def test_few_rows_and_one_class_are_refused(classifier, small_checkpoint):
    X, _ = make_table()
    model = TabTransferClassifier(1, checkpoint=small_checkpoint, trees=False)
    with pytest.raises(TabTransferError, match="needs 50 training rows"):
        model.fit(X[:20], ["a", "b"] * 10).distill()
    with pytest.warns(UserWarning, match="All 90 labels"):
        model.fit(X, ["a"] * 90)
    with pytest.raises(TabTransferError, match="nothing to learn"):
        model.distill()


def test_the_teacher_of_the_report_has_not_seen_the_rows_held_out(classifier, monkeypatch):
    seen = []
    monkeypatch.setattr(distill, "refit", lambda model, kept: seen.append(kept) or model)
    monkeypatch.setattr(
        distill, "predict_out_of_fold", lambda model, advance: np.full((90, 3), 1 / 3)
    )
    report = classifier.distill().report
    assert len(seen[0]) == 90 - report.n_rows
