from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tabtransfer import TabTransferClassifier, continue_pretraining
from tabtransfer.checkpoint import read_header
from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.continued import run
from tabtransfer.pretrain.plan.presets import get_preset
from tabtransfer.pretrain.training import clock, throughput
from tabtransfer.pretrain.training.stream import StreamConfig
from tabtransfer.pretrain.validation import before_after


@pytest.fixture
def quick(monkeypatch):
    """Let a step take a second, measure on few rows, and train on small tasks."""
    readings = count()
    monkeypatch.setattr(clock, "time", SimpleNamespace(monotonic=lambda: float(next(readings))))
    monkeypatch.setattr(throughput, "PEAK_SECONDS", 0.01)
    monkeypatch.setattr(before_after, "_MAX_ROWS", 80)
    monkeypatch.setattr(run, "_MOST_TARGETS", 2)
    preset = get_preset("cpu")
    stream = StreamConfig(max_rows=64, max_columns=4, cells=1024, learner_share=0.0)
    small = replace(preset, recipe=replace(preset.recipe, stream=stream))
    monkeypatch.setattr(run, "get_preset", lambda name: small)


def write_tables(folder, n_tables, seed=0):
    random = np.random.default_rng(seed)
    folder.mkdir()
    for place in range(n_tables):
        frame = pd.DataFrame(random.normal(size=(110, 3)).round(3), columns=["a", "b", "c"])
        frame = frame.assign(kind=np.where(frame["a"] > 0, "up", "down"))
        frame.to_csv(folder / f"t{place}.csv", index=False)


@pytest.mark.slow
def test_tables_are_held_out_and_measured_before_and_after(tmp_path, quick, regression_checkpoint):
    write_tables(tmp_path / "own", 4)
    write_tables(tmp_path / "csv", 1, seed=9)
    validation = tmp_path / "validation"
    validation.mkdir()
    pd.read_csv(tmp_path / "csv" / "t0.csv").to_parquet(validation / "other.parquet")
    out = tmp_path / "run"
    report = continue_pretraining(
        tmp_path / "own", out, max_time="2s", init=regression_checkpoint, validation=validation
    )
    header = read_header(out / "final.safetensors")
    trained = {table["name"] for table in header["tables"]}
    held_out = set(report.held_out["table"])
    assert len(trained) == 3 == report.n_trained and len(held_out) == 1
    assert not trained & held_out
    assert list(report.held_out["target"]) == ["kind", "a"]
    assert list(report.others["table"]) == ["other"]
    assert np.isfinite(report.held_out[["before", "after"]].to_numpy()).all()
    assert "1 held-out table can't tell" in (out / "report.md").read_text()
    model = TabTransferClassifier(1, checkpoint=report.checkpoint, trees=False)
    assert model.fit([[0.0], [1.0]] * 5, [0, 1] * 5).predict([[1.0]]).shape == (1,)
    with pytest.raises(TabTransferError, match="finished run"):
        continue_pretraining(tmp_path / "own", out, init=regression_checkpoint)
