import matplotlib
import numpy as np
import pandas as pd
import pytest

from tabtransfer import TabTransferError
from tabtransfer.explain.explanation import Explanation


@pytest.fixture(autouse=True)
def no_display():
    matplotlib.use("Agg")
    yield
    matplotlib.pyplot.close("all")


def make_explanation(n_columns=3, names=None):
    names = names or [f"column {i}" for i in range(n_columns)]
    X = pd.DataFrame(np.arange(2.0 * n_columns).reshape(2, n_columns), ["first", "second"], names)
    effects = pd.DataFrame(np.linspace(-0.4, 0.2, X.size).reshape(X.shape), X.index, names)
    rows = pd.DataFrame(
        {
            "query": [0, 0, 1],
            "row": ["a", "b", "c"],
            "weight": [0.5, 0.1, 0.3],
            "raises": [True, False, True],
            "target": ["yes", "no", "yes"],
        }
    )
    predictions = pd.DataFrame({"prediction": ["yes", "no"], "probability": [0.8, 0.6]}, X.index)
    return Explanation(X, predictions, effects, rows)


def bars(axes):
    axes.figure.canvas.draw()
    names = [label.get_text() for label in axes.get_yticklabels()]
    return dict(zip(names, [bar.get_width() for bar in axes.patches], strict=True))


def test_a_picture_shows_values_effects_and_training_rows():
    figure = make_explanation().plot(row=1)
    columns, rows = figure.axes
    np.testing.assert_allclose(bars(columns)["column 0 = 3"], -0.04)
    np.testing.assert_allclose(list(bars(columns).values()), [0.2, 0.08, -0.04])
    assert bars(rows) == {"row c: yes": 0.3}
    assert figure.get_suptitle() == "Row second: predicted no, with probability 0.60"


def test_colours_tell_raising_from_lowering():
    columns, rows = make_explanation().plot().axes
    first, second = (bar.get_facecolor() for bar in rows.patches)
    assert first != second
    assert {bar.get_facecolor() for bar in columns.patches if bar.get_width() < 0} == {second}


def test_many_columns_are_summed_up():
    explanation = make_explanation(40)
    columns, _ = explanation.plot().axes
    assert len(bars(columns)) == 13 and "28 other columns" in bars(columns)
    total = explanation.columns.iloc[0].sum()
    np.testing.assert_allclose(sum(bars(columns).values()), total)


@pytest.mark.filterwarnings("error")
def test_names_of_any_kind_are_drawn():
    explanation = make_explanation(names=["price in $ and $", "a" * 99, "two\nlines"])
    columns, _ = explanation.plot().axes
    assert "price in $ and $ = 0" in bars(columns) and "two lines = 2" in bars(columns)


@pytest.mark.parametrize("row", [-1, 2])
def test_rows_that_there_are_not(row):
    with pytest.raises(TabTransferError, match="2 rows are explained"):
        make_explanation().plot(row)
