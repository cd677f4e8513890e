import numpy as np
import pandas as pd
import pytest

from tabtransfer.joint.evaluation import evaluate_rows


def make_rows(seed, n_rows=120, alike=True):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n_rows)
    y = x if alike else rng.normal(size=n_rows)
    return pd.DataFrame(
        {
            "x": x,
            "y": y + 0.1 * rng.normal(size=n_rows),
            "word": np.where(x > 0, "a", "b"),
            "holes": np.where(rng.random(n_rows) < 0.3, np.nan, x),
        }
    )


@pytest.fixture(scope="module")
def training():
    return make_rows(0)


@pytest.fixture(scope="module")
def real(training):
    return evaluate_rows(training, make_rows(1), make_rows(2), 2, 0)


def test_real_rows_are_as_good_as_real_ones(real):
    drawn, others = real.table["drawn"], real.table["real"]
    assert 0.4 < drawn["AUC of a forest against held-out rows"] < 0.6
    assert drawn["ROC AUC of a forest trained on them"] > 0.95
    near = "distance to the nearest training row, median"
    assert drawn[near] == pytest.approx(others[near], rel=0.4)
    assert drawn["share equal to a training row"] == 0.0


@pytest.mark.slow
def test_copies_are_seen(training):
    table = evaluate_rows(training, make_rows(1), training, 2, 0).table
    assert table.loc["share equal to a training row"].tolist() == [1.0, 0.0]
    assert table.loc["distance to the nearest training row, median", "drawn"] == 0.0


@pytest.mark.slow
def test_columns_drawn_one_by_one_are_seen(training, real):
    report = evaluate_rows(training, make_rows(1), make_rows(2, alike=False), 1, 0)
    drawn = report.table["drawn"]
    assert drawn["difference of associations, mean"] > 0.2
    assert drawn["AUC of a forest against held-out rows"] > 0.8
    scores = report.table.loc["R² of a forest trained on them"]
    assert scores["drawn"] < 0.2 < 0.8 < scores["real"]
    assert report.columns["drawn"].max() < 0.25


def test_marginals_are_seen(training):
    moved = make_rows(2).assign(word="a", holes=np.nan)
    columns = evaluate_rows(training, make_rows(1), moved, 0, 0).columns["drawn"]
    assert columns["word"] > 0.3 and columns["holes"] > 0.5 and columns["x"] < 0.25


def test_the_page_has_a_picture_of_each_column(real):
    figure = real.plot()
    titles = [axes.get_title() for axes in figure.axes]
    assert {"x", "y", "word", "holes", "distance to the nearest training row"} <= set(titles)
