import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from sklearn.linear_model import LogisticRegression

from tabtransfer.baselines.method import Method, MethodSkipped
from tabtransfer.bench.results import read_results
from tabtransfer.bench.run import run
from tabtransfer.datasets.suites import load_table
from tabtransfer.errors import TabTransferError

SCORES = ["table", "method", "split", "status", "n_train", "n_test", "roc_auc", "log_loss"]


def _sorted(frame):
    return frame[SCORES].sort_values(["table", "method", "split"]).reset_index(drop=True)


def _method(name, fit):
    """Make a method whose fit runs `fit()` and then a real logistic regression."""

    def make(random_state, n_threads):
        class Estimator(LogisticRegression):
            def fit(self, X, y):
                fit()
                return super().fit(X, y)

        return Estimator(max_iter=50)

    return Method(name, make)


def test_a_method_that_fails_or_skips_or_crashes_costs_its_own_rows(tables, logistic, tmp_path):
    def fail():
        raise RuntimeError("no\nluck")

    def skip():
        raise MethodSkipped("too wide")

    def crash():
        import os

        os._exit(3)

    methods = [
        _method("failing", fail),
        _method("skipping", skip),
        _method("crashing", crash),
        replace(logistic, name="absent", unavailable=lambda: "not installed"),
        replace(logistic, name="knowing", seen=lambda table: f"trained on {table.name!r}"),
        logistic,
    ]
    frame = run("s", tables[:1], methods, tmp_path / "r.parquet", n_splits=1, n_jobs=2)
    by_method = frame.groupby("method")
    statuses = {name: set(rows["status"]) for name, rows in by_method}
    assert statuses == {
        "failing": {"failed"},
        "skipping": {"skipped"},
        "crashing": {"failed"},
        "absent": {"skipped"},
        "knowing": {"skipped"},
        "logistic": {"ok"},
    }
    reasons = {name: rows["reason"].iloc[0] for name, rows in by_method}
    assert reasons["failing"].startswith("RuntimeError: no luck (at ")
    assert reasons["skipping"] == "too wide"
    assert "worker process died" in reasons["crashing"]
    assert reasons["absent"] == "not installed"
    assert reasons["knowing"] == "trained on 'iris'"
    assert len(frame) == 6


def test_rows_say_what_was_measured(tables, logistic, tmp_path):
    run("s", tables, [logistic], tmp_path / "r.parquet", n_splits=2, max_train=40, n_jobs=1)
    frame = read_results(tmp_path / "r.parquet")
    assert len(frame) == 4
    assert (frame["status"] == "ok").all()
    assert (frame["roc_auc"] > 0.95).all()
    assert set(frame["n_train"]) == {40}
    assert set(frame[frame["table"] == "iris"]["n_test"]) == {75}
    assert (frame[["fit_seconds", "predict_seconds"]] > 0).all(axis=None)
    assert set(json.loads(frame["versions"].iloc[0])) == {"python", "tabtransfer", "scikit-learn"}
    assert frame["cpu"].iloc[0]
    # The first job in a process doesn't pay for imports.
    assert frame["fit_seconds"].max() < 0.5


def test_more_splits_and_methods_extend_a_run_and_finished_jobs_are_kept(
    tables, logistic, tmp_path
):
    path = tmp_path / "r.parquet"
    first = run("s", tables, [logistic], path, n_splits=1, n_jobs=1)
    other = replace(logistic, name="other")
    more = run("s", tables, [logistic, other], path, n_splits=2, n_jobs=1)
    assert len(more) == 8
    kept = more[(more["method"] == "logistic") & (more["split"] == 0)]
    assert sorted(kept["fit_seconds"]) == sorted(first["fit_seconds"])


def test_a_changed_table_is_measured_again(tables, logistic, tmp_path):
    path = tmp_path / "r.parquet"
    first = run("s", tables, [logistic], path, n_splits=1, n_jobs=1)
    iris = tables[0]
    changed = [replace(iris, X=iris.X + 1), tables[1]]
    second = run("s", changed, [logistic], path, n_splits=1, n_jobs=1)
    seconds = [frame.set_index("table")["fit_seconds"] for frame in (first, second)]
    assert seconds[0]["wine"] == seconds[1]["wine"]
    assert seconds[0]["iris"] != seconds[1]["iris"]
    assert len(second) == 2


def test_a_table_that_cannot_be_split_is_an_error_before_any_work(tables, logistic, tmp_path):
    iris = tables[0]
    one_class = replace(iris, y=iris.y.map(lambda _: "same"))
    with pytest.raises(TabTransferError, match="two or more classes"):
        run("s", [tables[1], one_class], [logistic], tmp_path / "r.parquet")
    assert not (tmp_path / "r.parquet").exists()


KILLED = """
import sys, time
from pathlib import Path
from sklearn.linear_model import LogisticRegression
from tabtransfer.baselines.method import Method
from tabtransfer.bench.run import run
from tabtransfer.datasets.suites import load_table

class Slow(LogisticRegression):
    def fit(self, X, y):
        time.sleep(1)
        return super().fit(X, y)

if __name__ == "__main__":
    methods = [Method(name, lambda random_state, n_threads: Slow(max_iter=50)) for name in "ab"]
    tables = [load_table("iris"), load_table("wine")]
    run("s", tables, methods, Path(sys.argv[1]), n_splits=2, n_jobs=2)
"""


def test_a_killed_run_goes_on_and_ends_with_the_rows_of_a_whole_one(tmp_path):
    killed = tmp_path / "killed.parquet"
    command = [sys.executable, "-c", KILLED, str(killed)]
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not killed.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    partial = read_results(killed)
    assert 0 < len(partial) < 8

    tables = [load_table("iris"), load_table("wine")]
    methods = [_method(name, lambda: None) for name in "ab"]
    resumed = run("s", tables, methods, killed, n_splits=2)
    whole = run("s", tables, methods, tmp_path / "whole.parquet", n_splits=2)
    assert _sorted(resumed).equals(_sorted(whole))
    finished = resumed.set_index(["table", "method", "split"])["fit_seconds"]
    for row in partial.itertuples():
        assert finished[row.table, row.method, row.split] == row.fit_seconds
