"""Python files in the current folder are none of ours: they must not be run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.datasets import load_iris

PROGRAM = Path(sys.executable).with_name("tabtransfer")
OPTIONS = ("--methods", "linear,nearest-neighbors", "--jobs", "1", "--out", "results")
# What Python, our package and its processes import.
NAMES = ("pickle", "json", "numpy", "pandas", "threading", "torch", "psutil", "datasets")


@pytest.mark.skipif(not PROGRAM.exists(), reason="the command is not installed beside Python")
@pytest.mark.parametrize(
    "command",
    [
        ("benchmark", "--suite", "folder:tables", "--n-splits", "1"),
        ("compare", "tables/iris.csv", "--target", "target", "--time", "20s"),
    ],
    ids=lambda command: command[0],
)
def test_modules_in_the_current_folder_are_not_run(command, tmp_path):
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"open('{name} was run', 'w'); raise SystemExit(9)\n")
    tables = tmp_path / "tables"
    tables.mkdir()
    load_iris(as_frame=True).frame.to_csv(tables / "iris.csv", index=False)
    (tables / "manifest.json").write_text(
        '[{"name": "i", "file": "iris.csv", "target": "target", "task": "multiclass"}]'
    )
    variables = {k: v for k, v in os.environ.items() if k not in ("PYTHONSAFEPATH", "PYTHONPATH")}
    done = subprocess.run(
        [PROGRAM, *command, *OPTIONS], cwd=tmp_path, env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in tmp_path.glob("* was run")] == []
    assert (tmp_path / "results" / "results.parquet").exists()
