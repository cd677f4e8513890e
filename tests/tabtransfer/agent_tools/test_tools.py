"""The tools, called directly; `test_server` calls them as an agent does."""

import json

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("mcp")

from tabtransfer import TabTransferClassifier, TabTransferError, load
from tabtransfer.agent_tools.tools import Tools
from tabtransfer.agent_tools.workspace import Workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agent")
    rng = np.random.default_rng(0)
    size = rng.normal(size=50).round(3)
    frame = pd.DataFrame(
        {"size": size, "same": "x", "sort": rng.choice(["u", "v"], 50), "big": size > 0}
    )
    frame.loc[3, "size"] = np.nan
    frame.to_csv(folder / "things.csv", index=False)
    return Workspace(folder, folder / "out")


@pytest.fixture(scope="module")
def tools(workspace):
    return Tools(workspace)


@pytest.fixture(scope="module")
def fitted(tools):
    return tools.fit("things.csv", "big", "big.model", drop=["sort"])


@pytest.fixture(scope="module")
def small(workspace, small_checkpoint):
    """Save a quick model of two columns."""
    frame = pd.read_csv(workspace.root / "things.csv")
    model = TabTransferClassifier(1, checkpoint=small_checkpoint, trees=False, random_state=0)
    model.fit(frame[["size", "sort"]], frame["big"]).save(workspace.out / "small.model")
    return model


def test_describe_counts_cells_and_names_what_is_odd(tools):
    found = tools.describe("things.csv", "big")
    columns = {one["name"]: one for one in found["columns"]}
    assert found["rows"] == 50 and len(found["first_rows"]) == 5
    assert columns["size"]["missing"] == 1 and columns["sort"]["distinct"] == 2
    assert found["task"] == "classification"
    assert any("'same' has the same value" in note for note in found["notes"])
    json.dumps(found, allow_nan=False)


def test_describe_needs_no_target(tools):
    found = tools.describe("things.csv")
    assert "task" not in found and found["columns"][0]["name"] == "size"


def test_fit_saves_a_model_without_the_dropped_columns(fitted, workspace):
    assert fitted["columns"] == ["size", "same"]
    assert fitted["classes"].keys() == {"True", "False"}
    model = load(workspace.out / "big.model")
    assert model.feature_names_in_.tolist() == fitted["columns"]


def test_predictions_are_those_of_the_model(tools, small, workspace):
    found = tools.predict("small.model", "things.csv", "found.csv", keep=["sort"])
    written = pd.read_csv(workspace.out / "found.csv")
    frame = pd.read_csv(workspace.root / "things.csv")
    expected = small.predict_proba(frame[["size", "sort"]])[:, 1]
    assert found["rows"] == 50 and len(found["first_rows"]) == 5
    np.testing.assert_allclose(written["probability_True"], expected, atol=1e-5)
    assert written["sort"].tolist() == frame["sort"].tolist()


def test_rows_in_the_middle_are_explained(tools, small, workspace):
    found = tools.explain("small.model", "things.csv", first_row=48, n_rows=3)["explanations"]
    frame = pd.read_csv(workspace.root / "things.csv")[["size", "sort"]]
    expected = small.explain(frame[48:], n_rows=5)
    assert len(found) == 2
    assert found[1]["columns"] == pytest.approx(expected.columns.iloc[1].to_dict(), abs=1e-5)
    assert len(found[0]["rows"]) == 5


def test_a_row_that_is_not_there_is_said(tools, small):
    with pytest.raises(TabTransferError, match="has no row 50"):
        tools.explain("small.model", "things.csv", first_row=50)


@pytest.mark.parametrize("name", ["big.csv", "../big.model", "big"])
def test_models_have_names_of_their_own(tools, name):
    with pytest.raises(TabTransferError):
        tools.fit("things.csv", "big", name)


@pytest.mark.slow
def test_compare_recommends_and_writes_a_report(tools, workspace):
    found = tools.compare(
        "things.csv", "big", minutes=0.05, methods=["linear", "nearest-neighbors"]
    )
    assert {one["method"] for one in found["methods"]} == {"linear", "nearest-neighbors"}
    assert found["recommendation"].startswith(("Use", "linear", "nearest-neighbors"))
    assert (workspace.out / found["report"]).is_file()
