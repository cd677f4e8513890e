"""The command judges checkpoints on a folder of tables and writes what it measured."""

from __future__ import annotations

import pandas as pd
import pytest
from sklearn.datasets import load_iris
from typer.testing import CliRunner

from tabtransfer.checkpoint import SHIPPED
from tabtransfer.cli import app
from tabtransfer.errors import TabTransferError


@pytest.fixture
def folder(tmp_path):
    frame = load_iris(as_frame=True).frame
    folder = tmp_path / "tables"
    folder.mkdir()
    binary = frame[frame["target"] > 0].iloc[::2]
    binary.to_parquet(folder / "iris.parquet")
    return folder


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
