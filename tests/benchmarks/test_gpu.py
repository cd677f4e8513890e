"""The command for GPUs, in small on the CPU: its parts, and what happens where one fails."""

from __future__ import annotations

import csv
import importlib.util
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tabtransfer.cli import app
from tabtransfer.pretrain.training.clock import CURVE_FIELDS

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "gpu.py"


@pytest.fixture
def gpu(monkeypatch):
    """Return the script, with what its processes would give."""
    spec = importlib.util.spec_from_file_location("gpu", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def start(self, *command):
        if command[0] == "-m":
            arguments = [*command[2:], "--dry-run"]  # do the options exist?
            CliRunner().invoke(app, arguments, catch_exceptions=False)
            folder = Path(command[command.index("--out") + 1])
            folder.mkdir()
            with (folder / "curve.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, CURVE_FIELDS)
                writer.writeheader()
                writer.writerows({name: place for name in CURVE_FIELDS} for place in (1, 2))
            return ""
        if command[1] == "tabpfn-v2":
            raise TimeoutError("not measured to its end: ten minutes were over")
        return '{"fit_s": 0.5, "predict_s": 2.0, "further_s": 4.0}\n'

    monkeypatch.setattr(module.Figures, "start", start)
    monkeypatch.setattr(module, "METHODS", {"tabtransfer": "tabtransfer"})
    monkeypatch.setattr(module, "difference", lambda *_: {"probabilities": 1e-6, "means": 9e-5})
    return module


@pytest.mark.slow
def test_figures_are_those_of_the_parts(gpu, tmp_path, capsys):
    assert gpu.main(["--quick", "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert found["quick"] and found["device"] == "cpu"
    assert found["a step"]["launches"] == 0  # on a CPU none
    assert found["training"]["tasks_per_second"] == found["smoke"]["peak_share"] == 2.0
    ours = found["tabtransfer, 60 rows"]
    assert (ours["predictions_per_second"], ours["further_per_second"]) == (10.0, 5.0)
    text = (tmp_path / "gpu.txt").read_text()
    assert capsys.readouterr().out == text
    assert "quick: figures of no meaning" in text and "first 10 and further 5 pred" in text


def test_a_part_that_fails_costs_the_status_alone(gpu, tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "launches", lambda *_: {"launches": 700})
    monkeypatch.setattr(gpu, "METHODS", {"tabpfn-v2": "torch", "tabtransfer": "torch"})
    assert gpu.main(["--quick", "--out", str(tmp_path)]) == 1
    found = json.loads((tmp_path / "gpu.json").read_text())
    assert "ten minutes" in found["tabpfn-v2, 60 rows"]["failed"]
    assert "fit_s" in found["tabtransfer, 60 rows"]
    assert "FAILED: TimeoutError: not measured" in (tmp_path / "gpu.txt").read_text()


def test_predictions_that_differ_cost_the_status(gpu, tmp_path, monkeypatch):
    monkeypatch.setattr(gpu, "launches", lambda *_: {"launches": 700})
    monkeypatch.setattr(gpu, "difference", lambda *_: {"probabilities": 2e-4, "means": 0.0})
    assert gpu.main(["--quick", "--out", str(tmp_path)]) == 1


def test_nothing_starts_after_ten_minutes(tmp_path):
    spec = importlib.util.spec_from_file_location("gpu", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    figures = module.Figures(tmp_path, "cpu", 1.0, quick=True)
    assert figures.start("-c", "print(7)") == "7\n"
    with pytest.raises(RuntimeError, match=r"^ValueError: no$"):
        figures.start("-c", "raise ValueError('no')")
    figures.started -= 600
    with pytest.raises(TimeoutError, match="ten minutes were over"):
        figures.start("-c", "print(7)")
