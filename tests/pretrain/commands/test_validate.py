"""The command judges checkpoints on a folder of tables and writes what it measured."""

from __future__ import annotations

import pandas as pd
import pytest
from sklearn.datasets import load_iris
from typer.testing import CliRunner

from tabtransfer.checkpoint import SHIPPED, load_checkpoint, save_checkpoint
from tabtransfer.cli import app
from tabtransfer.datasets.fingerprints import fingerprint
from tabtransfer.errors import TabTransferError


@pytest.fixture
def folder(tmp_path):
    frame = load_iris(as_frame=True).frame
    folder = tmp_path / "tables"
    folder.mkdir()
    binary = frame[frame["target"] > 0].iloc[::2]
    binary.to_parquet(folder / "iris.parquet")
    return folder


@pytest.mark.slow
def test_checkpoints_are_compared_and_scores_written(folder, tmp_path):
    out, cache = tmp_path / "scores.csv", tmp_path / "opponents.json"
    arguments = ["validate", str(folder), "--cache", str(cache), "--out", str(out)]
    result = CliRunner().invoke(
        app,
        [*arguments, "--checkpoint", "shipped", "--checkpoint", str(SHIPPED)],
        catch_exceptions=False,
        env={"COLUMNS": "200"},
    )
    scores = pd.read_csv(out).set_index("method")
    assert scores.loc["tabtransfer", "roc_auc"] > 0.9
    assert scores.loc["tabtransfer"].equals(scores.loc[str(SHIPPED)])
    assert f"{scores.loc['catboost', 'log_loss']:.3f}" in result.output
    assert f"{SHIPPED} against tabtransfer: score +0.000" in result.output
    assert "tabtransfer wins against catboost on" in result.output
    assert cache.exists()


def test_missing_checkpoint_ends_it_before_anything_is_measured(folder, tmp_path):
    cache = tmp_path / "opponents.json"
    arguments = ["validate", str(folder), "--cache", str(cache), "--checkpoint", "nowhere.st"]
    with pytest.raises(TabTransferError, match=r"nowhere\.st"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert not cache.exists()


def test_a_table_that_a_checkpoint_saw_is_left_out(folder, tmp_path):
    seen = pd.read_parquet(folder / "iris.parquet")
    other = load_iris(as_frame=True).frame.iloc[:100:3]
    other.add_prefix("own ").to_parquet(folder / "flowers.parquet")
    path = tmp_path / "trained.safetensors"
    card = {"name": "iris", "fingerprint": fingerprint("iris", seen).to_text()}
    save_checkpoint(path, load_checkpoint(), {"tables": [card]})
    arguments = ["validate", str(folder), "--cache", str(tmp_path / "c.json")]
    arguments += ["--checkpoint", str(path), "--out", str(tmp_path / "scores.csv")]
    output = CliRunner().invoke(app, arguments, catch_exceptions=False).output
    assert "left out 'iris': trained on 'iris'" in output
    assert set(pd.read_csv(tmp_path / "scores.csv")["table"]) == {"flowers"}


@pytest.mark.slow
def test_tables_of_numbers_are_named_as_left_out(folder, tmp_path):
    pd.DataFrame({"x": range(40), "y": [0.5 * i for i in range(40)]}).to_parquet(
        folder / "slope.parquet"
    )
    arguments = ["validate", str(folder), "--cache", str(tmp_path / "c.json")]
    output = CliRunner().invoke(app, arguments, catch_exceptions=False).output
    assert "left out, as classifiers alone are judged: 1 tables of numbers ('slope')" in output
