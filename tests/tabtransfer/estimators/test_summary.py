"""What a fitted model shows of itself."""

import numpy as np
import pytest
from sklearn.base import clone

import tabtransfer
from tabtransfer.estimators.summary import fit_lines


def test_lines_say_what_was_fitted(classifier, make_frame):
    X, y = make_frame()
    model = classifier.set_params(max_context_rows=40, calibrate=True).fit(X, y)
    lines = dict(fit_lines(model))
    assert lines["Training rows"] == (
        "60 of 4 columns, of which a member reads 40 (stratified sample per member)"
    )
    assert (lines["Classes"], lines["Members"], lines["Learners"]) == ("5", "2", "none")
    assert lines["Temperature"] == f"{model.calibration_.temperature:.3g}"
    assert lines["Time of fit"] == f"{model.fit_seconds_:.1f} s" and model.fit_seconds_ > 0


def test_learners_are_counted(regressor, make_frame):
    X, y = make_frame(80)
    lines = dict(fit_lines(regressor.set_params(trees=True).fit(X, y)))
    assert lines["Learners"] == "forest × 5, boosting × 5, kernel × 1"
    assert "Classes" not in lines


def test_html_says_it_and_counts_notes(regressor, make_frame):
    X, y = make_frame()
    shown = regressor.fit(X.assign(constant="<b>"), y)._repr_html_()
    assert "<tr><th>Training rows</th><td>60 of 5 columns, all read by every member</td>" in shown
    assert "Columns (1 notes)" in shown and "has the same value in all rows" in shown
    assert "Training rows" not in clone(regressor)._repr_html_()


def test_the_time_of_fit_is_not_that_of_loading(classifier, make_frame, tmp_path):
    classifier.fit(*make_frame()).save(tmp_path / "model")
    loaded = tabtransfer.load(tmp_path / "model")
    assert not hasattr(loaded, "fit_seconds_")
    assert "Time of fit" not in dict(fit_lines(loaded))


def test_a_failed_fit_leaves_no_time(classifier, make_frame):
    X, y = make_frame()
    classifier.fit(X, y)
    with pytest.raises(ValueError):
        classifier.fit(X, y[:3])
    assert not hasattr(classifier, "fit_seconds_")


def test_log_probabilities(classifier, make_frame):
    X, y = make_frame()
    classifier.fit(X, y)
    logs = classifier.predict_log_proba(X)
    assert logs.shape == (60, 5) and (logs < 0).all()
    np.testing.assert_allclose(np.exp(logs), classifier.predict_proba(X), rtol=1e-12)
