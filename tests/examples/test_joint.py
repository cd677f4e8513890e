"""The tutorials on the joint distribution show what they say; the others run with the site."""

import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.all_trees

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(autouse=True)
def no_window(monkeypatch):
    monkeypatch.setattr("matplotlib.pyplot.show", lambda: None)


def run(name):
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


@pytest.mark.slow
def test_cells_are_filled_in_better_than_by_the_columns_themselves():
    found = run("11_missing_cells")
    assert found["off"] < 0.8 * found["by_mean"]
    assert found["wrong"] < 0.5 * found["by_commonest"]


@pytest.mark.slow
def test_drawn_flowers_are_like_real_ones():
    found = run("12_drawn_rows")
    flowers, table = found["flowers"], found["report"].table
    assert set(flowers["target"]) == {"setosa"} and flowers["petal length (cm)"].median() < 2
    assert table.loc["ROC AUC of a forest trained on them", "drawn"] > 0.9
    assert table.loc["share equal to a training row", "drawn"] == 0.0


@pytest.mark.slow
def test_wines_of_another_cultivar_stand_out():
    found = run("13_outliers")
    assert found["area"] > 0.8 and found["other"][found["named"]].mean() > 0.4


def test_vectors_help_a_linear_model():
    accuracy = run("14_embeddings")["accuracy"]
    assert accuracy["vectors"] > accuracy["columns"] + 0.03
