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
NAMES = (
    *("pickle", "json", "random", "threading", "multiprocessing", "subprocess", "tempfile"),
    *("numpy", "pandas", "torch", "psutil", "joblib", "catboost", "optuna", "datasets"),
)
# The command line with a command that starts a process as other systems start all of them.
SPAWN = """
import multiprocessing
import os
from tabtransfer import cli

def start():
    process = multiprocessing.get_context("spawn").Process(target=os.getpid)
    process.start()
    process.join()
    raise SystemExit(process.exitcode)

if __name__ == "__main__":
    cli.app = start
    cli.main()
"""


@pytest.fixture
def hostile(tmp_path):
    folder = tmp_path / "hostile"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.py").write_text(f"open('{name} was run', 'w'); raise SystemExit(9)\n")
    return folder


def _run(command, folder):
    variables = {k: v for k, v in os.environ.items() if k not in ("PYTHONSAFEPATH", "PYTHONPATH")}
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in folder.glob("* was run")] == []


@pytest.mark.slow
@pytest.mark.skipif(not PROGRAM.exists(), reason="the command is not installed beside Python")
@pytest.mark.parametrize(
    "command",
    [
        ("benchmark", "--suite", "folder:tables", "--n-splits", "1"),
        ("compare", "tables/iris.csv", "--target", "target", "--time", "3s"),
    ],
    ids=lambda command: command[0],
)
def test_modules_in_the_current_folder_are_not_run(command, hostile):
    tables = hostile / "tables"
    tables.mkdir()
    load_iris(as_frame=True).frame.to_csv(tables / "iris.csv", index=False)
    (tables / "manifest.json").write_text(
        '[{"name": "i", "file": "iris.csv", "target": "target", "task": "multiclass"}]'
    )
    _run([PROGRAM, *command, *OPTIONS], hostile)
    assert (hostile / "results" / "results.parquet").exists()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python can't be told to leave it out")
def test_modules_in_the_current_folder_are_not_run_by_spawned_processes(hostile, tmp_path):
    script = tmp_path / "spawn.py"
    script.write_text(SPAWN)
    _run([sys.executable, script], hostile)
