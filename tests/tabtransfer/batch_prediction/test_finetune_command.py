from functools import partial

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

import tabtransfer
from tabtransfer.batch_prediction import finetune_command
from tabtransfer.errors import TabTransferError
from tabtransfer.estimators import base
from tabtransfer.finetune import search
from tabtransfer.finetune.config import FinetuneConfig, FinetuneRecord

QUICK = partial(
    FinetuneConfig, learning_rate=2e-3, max_steps=2, check_every=1, children=2, episode_rows=40
)


@pytest.fixture
def run(monkeypatch, small_checkpoint):
    monkeypatch.setattr(tabtransfer, "FinetuneConfig", QUICK, raising=False)
    classifier = partial(
        tabtransfer.TabTransferClassifier, 1, checkpoint=small_checkpoint, trees=False
    )
    monkeypatch.setattr(tabtransfer, "TabTransferClassifier", classifier, raising=False)
    app = typer.Typer()
    app.command()(finetune_command.finetune)

    def invoke(*arguments):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return invoke


@pytest.fixture
def table(tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(160, 2)), columns=["a", "b"])
    path = tmp_path / "table.csv"
    frame.assign(kind=np.where(frame["a"] > 0, "up", "down")).to_csv(path, index=False)
    return path


@pytest.mark.slow
def test_the_curve_is_shown_and_drawn_and_the_model_written(run, table, tmp_path):
    out = tmp_path / "m.model"
    said = run(table, "--target", "kind", "--out", out, "--mode", "full", "--time", "5m")
    assert "step 0 to 2" in said and "Loss of 32 held-out rows" in said
    assert "weights are better in" in said
    assert (tmp_path / "m.model.png").read_bytes()[:4] == b"\x89PNG"
    assert not (tmp_path / "m.model.progress").exists()
    model = tabtransfer.load(out)
    assert model.finetuning_.n_children == 2 and model.finetune.max_steps == 2
    assert [step for step, _ in model.finetuning_.curve] == [0, 1, 2]


def test_small_tables_are_left_alone_and_that_is_said(run, table, tmp_path):
    said = run(table, "--target", "kind", "--out", tmp_path / "m.model")
    assert "Kept the base weights: fewer than 300 rows can't tell a gain from chance" in said
    assert not (tmp_path / "m.model.png").exists()


def test_settings_are_searched_for_before_the_weights_are_tuned(run, table, tmp_path, monkeypatch):
    def tune(network, training, config, **options):
        record = FinetuneRecord("base", f"of {config.max_steps} steps", tuned_loss=0.5)
        return network, record, None

    monkeypatch.setattr(search, "finetune_network", tune)
    monkeypatch.setattr(base, "finetune_network", tune)
    out = tmp_path / "m.model"
    said = run(table, "--target", "kind", "--out", out, "--trials", "1")
    assert "Trial 1 of 1: held-out loss 0.5000." in said and "Best settings: learning" in said
    assert (tmp_path / "m.model.trials").exists()
    record = tabtransfer.load(out).finetuning_
    assert record.found.children == 2 and record.found.max_steps >= 20
    assert record.reason == f"of {record.found.max_steps} steps"


def test_a_model_is_not_written_over_its_table(run, table):
    with pytest.raises(TabTransferError, match="is a file that is read"):
        run(table, "--target", "kind", "--out", table)
