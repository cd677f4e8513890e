"""Runs that are killed at random moments and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import psutil
import pytest

from tabtransfer.bench.results import read_rows

N_KILLS = 10
N_SPLITS = 120

# A program that starts a run again and again, each time in a fork of itself: what is tested is
# the run, not how long pandas takes to import. The method logs every fit that it finishes.
KILLED_AGAIN_AND_AGAIN = """
import json, os, random, signal, sys, time
from pathlib import Path

import numpy as np
import pandas as pd

from tabtransfer.baselines.method import Method
from tabtransfer.bench.results import journal_path, read_rows
from tabtransfer.bench.measure.run import run
from tabtransfer.datasets.table import TableMetadata, Table

folder, n_kills, n_splits = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
path, log = folder / "r.parquet", folder / "log"
X = pd.DataFrame({"x": np.arange(40.0)})
metadata = TableMetadata(
    "t", "regression", "y", 40, 1, 0, 0.0, None, "numeric", "numpy", "BSD", "Numbers."
)
table = Table("t", X, X["x"].rename("y"), "regression", metadata)


class Quick:
    def __init__(self, name, seed):
        self.name, self.seed = name, seed

    def fit(self, X, y):
        with log.open("a") as file:
            file.write(f"{os.environ['ROUND']} {self.name} {self.seed}\\n")

    def predict(self, X):
        return np.zeros(len(X))


def method(name):
    return Method(name, None, make_regressor=lambda seed, n_threads: Quick(name, seed))


def start(number):
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    os.environ["ROUND"] = str(number)
    sys.stderr = open(os.devnull, "w")
    run("s", [table], [method("a"), method("b")], path, n_splits=n_splits, n_jobs=2)
    os._exit(0)


def wait_for_a_random_moment(pid):
    size, fits, end = log.stat().st_size, rng.randint(1, 6), time.monotonic() + 60
    if rng.random() < 0.2:
        end = time.monotonic() + rng.uniform(0, 1)  # most of this is before the first job
    while log.read_text()[size:].count("\\n") < fits and time.monotonic() < end:
        assert os.waitpid(pid, os.WNOHANG) == (0, 0), "the run ended before it was killed"
        time.sleep(0.001)
    time.sleep(rng.uniform(0, 0.05))


rng = random.Random(0)
log.touch()
with (folder / "kept").open("w") as kept:
    for number in range(n_kills):
        pid = start(number)
        wait_for_a_random_moment(pid)
        os.killpg(pid, signal.SIGKILL)
        assert os.WIFSIGNALED(os.waitpid(pid, 0)[1]), "the run ended before it was killed"
        rows = read_rows(path) if path.exists() or journal_path(path).exists() else []
        print(json.dumps([[row["method"], row["split"]] for row in rows]), file=kept)
assert os.waitpid(start(n_kills), 0)[1] == 0
"""


@pytest.mark.slow
def test_ten_kills_lose_no_finished_job_and_repeat_none(tmp_path):
    command = [sys.executable, "-c", KILLED_AGAIN_AND_AGAIN, str(tmp_path), str(N_KILLS)]
    subprocess.run([*command, str(N_SPLITS)], check=True)
    rows = read_rows(tmp_path / "r.parquet")
    jobs = {(row["method"], row["split"]) for row in rows}
    assert jobs == {(name, split) for name in "ab" for split in range(N_SPLITS)}
    assert len(rows) == len(jobs)
    assert {row["status"] for row in rows} == {"ok"}
    assert [path.name for path in tmp_path.glob("r.parquet*")] == ["r.parquet"]

    kept = [
        {(name, split) for name, split in json.loads(line)}
        for line in (tmp_path / "kept").read_text().splitlines()
    ]
    for before, after in zip(kept, [*kept[1:], jobs], strict=True):
        assert before <= after
    fits = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    for number, name, split in fits:
        assert all((name, int(split)) not in done for done in kept[: int(number)])
    # Only what was running when the run was killed, two jobs at most, is fitted again.
    n_fits = Counter((name, split) for _, name, split in fits)
    assert 0 < sum(n_fits.values()) - len(jobs) <= 2 * N_KILLS


ALONE = """
import os, sys, time
from pathlib import Path

from sklearn.linear_model import LogisticRegression

from tabtransfer.baselines.method import Method
from tabtransfer.bench.measure.run import run
from tabtransfer.datasets.suites import load_table


class Endless(LogisticRegression):
    def fit(self, X, y):
        Path(os.environ["PIDS"]).write_text(f"{os.getpid()} {os.getppid()}")
        time.sleep(600)


methods = [Method("endless", lambda random_state, n_threads: Endless())]
run("s", [load_table("iris")], methods, Path(sys.argv[1]), n_jobs=1)
"""


@pytest.mark.slow
def test_no_process_outlives_the_run(tmp_path):
    pids = tmp_path / "pids"
    process = subprocess.Popen(
        [sys.executable, "-c", ALONE, str(tmp_path / "r.parquet")],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PIDS": str(pids)},
    )
    try:
        wait_until(lambda: pids.exists() and pids.read_text())
        job, server = map(int, pids.read_text().split())
        assert psutil.pid_exists(job)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    wait_until(lambda: not psutil.pid_exists(job) and not psutil.pid_exists(server))


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
