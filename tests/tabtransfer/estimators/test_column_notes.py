"""What users are told of how their columns were read."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from tabtransfer.errors import ColumnWarning


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    x = rng.lognormal(size=80)
    frame = pd.DataFrame(
        {"x": [*x[:-1].astype(str), "n/a"], "<b>": ["same"] * 80, "plain": x[::-1]}
    )
    return frame, (np.log(x) > 0).astype(int)


def test_notes_are_an_attribute_and_in_the_html(classifier, table):
    model = classifier.fit(*table)
    notes = [str(note) for note in model.column_notes_]
    assert "numbers written as text" in notes[0] and "1 cell that is none" in notes[0]
    assert "Column '<b>' has the same value in all rows." in notes
    assert not any("'plain'" in note for note in notes)
    shown = model._repr_html_()
    assert "numbers written as text" in shown and "Column &#x27;&lt;b&gt;&#x27; has" in shown
    assert "numbers written as text" not in clone(model)._repr_html_()


def test_verbose_says_each_note_and_each_can_be_silenced(classifier, table):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", "Column 'x'", ColumnWarning)
        classifier.set_params(verbose=True).fit(*table)
        said = [str(warning.message) for warning in caught if warning.category is ColumnWarning]
    assert said == ["Column '<b>' has the same value in all rows."]


@pytest.mark.parametrize("silenced", ["fee [€]", "site, old", "leak", "seen"])
def test_each_kind_of_notice_can_be_silenced_by_its_column(classifier, silenced):
    y = np.arange(90) % 2
    frame = pd.DataFrame(
        {
            "fee [€]": [*(f"{number + 0.25} €" for number in range(89)), "free"],
            "site, old": "north",
            "leak": y * 2.5,
            "seen": [f"0{1 + row % 9}/02/20{10 + row % 12}" for row in range(90)],
        }
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", re.escape(f"Column {silenced!r}"), ColumnWarning)
        classifier.set_params(verbose=True).fit(frame, y)
    said = [str(one.message) for one in caught if one.category is ColumnWarning]
    named = {name for name in frame if any(f"Column {name!r}" in text for text in said)}
    assert named == set(frame) - {silenced}


def test_without_verbose_plain_text_numbers_say_nothing(classifier, table):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ColumnWarning)
        classifier.fit(*table)


def test_numbers_as_text_predict_as_the_numbers(regressor):
    x = np.random.default_rng(0).lognormal(size=100).round(6)
    target = np.log(x)
    numbers = pd.DataFrame({"x": x, "z": np.arange(100) % 7})
    expected = clone(regressor).fit(numbers, target).predict(numbers)
    for cells in (x.astype(str), [f"{value:,.6f} €" for value in x], [*map(str, x)]):
        text = numbers.assign(x=pd.Series(cells, dtype=object))
        found = clone(regressor).fit(text, target).predict(text)
        np.testing.assert_array_equal(found, expected)


def test_masked_targets_are_refused(estimator):
    target = np.ma.array([0, 1] * 10, mask=[False] * 19 + [True])
    with pytest.raises(ValueError, match="1 labels are missing, the first in row 19"):
        estimator.fit(np.arange(20.0)[:, None], target)
