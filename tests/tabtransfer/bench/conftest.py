"""Small real tables, methods and made-up results that the harness's tests share."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.linear_model import LogisticRegression

from tabtransfer.baselines.method import Method
from tabtransfer.bench.measure.workers import LOCAL, LocalWorkers, open_workers
from tabtransfer.bench.reliability import COVERAGE
from tabtransfer.datasets.table import Table, TableMetadata

# 75 rows, as many as a made-up job tests: overconfident above 0.8, and right otherwise.
BINS = [[0, 0.0, 0]] * 8 + [[10, 5.7, 6], [0, 0.0, 0], [15, 10.5, 10], [0, 0.0, 0]]
BINS += [[25, 21.0, 18], [0, 0.0, 0], [25, 24.5, 20]]


def _table(name, bunch, task="multiclass"):
    metadata = TableMetadata(
        name=name,
        task=task,
        target="target",
        n_rows=len(bunch.data),
        n_columns=bunch.data.shape[1],
        n_categorical=0,
        missing_share=0.0,
        n_classes=None if task == "regression" else 3,
        kind="numeric",
        package="scikit-learn",
        licence="BSD-3-Clause",
        description=f"The {name} table.",
    )
    y = bunch.target if task == "regression" else bunch.target.map(str)
    return Table(name, bunch.data, y, task, metadata)


@pytest.fixture(scope="session")
def open_kept_workers():
    """Open workers on this machine whose job servers the next run uses again."""
    kept = {}

    def open_kept(backend, n_threads):
        if backend != LOCAL:
            return open_workers(backend, n_threads)
        workers = kept.setdefault(n_threads, LocalWorkers(n_threads))
        return SimpleNamespace(run=workers.run, close=lambda: None)

    yield open_kept
    for workers in kept.values():
        workers.close()


@pytest.fixture(autouse=True)
def kept_job_servers(open_kept_workers, monkeypatch):
    """Start no job server for a single run, as it imports for seconds; `test_workers` does."""
    for module in ("run", "compare"):
        monkeypatch.setattr(f"tabtransfer.bench.measure.{module}.open_workers", open_kept_workers)


@pytest.fixture
def tables():
    return [_table("iris", load_iris(as_frame=True)), _table("wine", load_wine(as_frame=True))]


@pytest.fixture
def diabetes():
    return _table("diabetes", load_diabetes(as_frame=True), "regression")


@pytest.fixture
def logistic():
    return Method(
        "logistic",
        lambda random_state, n_threads: LogisticRegression(max_iter=50),
        packages=("scikit-learn",),
    )


@pytest.fixture(scope="session")
def make_results():
    """Build a results table from `{table: {method: ROC AUC or None}}`, one row a split."""

    def make(scores, kinds=None, n_splits=1, offsets=(0.0,)):
        rows = []
        for table, by_method in scores.items():
            for split in range(n_splits):
                for method, score in by_method.items():
                    missing = score is None
                    rows.append(
                        {
                            "suite": "made-up",
                            "table": table,
                            "method": method,
                            "split": split,
                            "splits": "halves",
                            "seed": 0,
                            "max_train": 1000,
                            "max_test": 2000,
                            "n_threads": 1,
                            "task": "binary",
                            "family": table,
                            "kind": (kinds or {}).get(table, "numeric"),
                            "n_rows": 150,
                            "n_columns": 4,
                            "n_categorical": 0,
                            "missing_share": 0.0,
                            "n_classes": 2,
                            "target": "y",
                            "description": f"About {table}.",
                            "dropped": "",
                            "source": "somewhere 1.0",
                            "licence": "CC0-1.0",
                            "warnings": "",
                            "table_hash": "0",
                            "folds_by": None,
                            "max_rows": None,
                            "n_jobs": 1,
                            "search_seconds": None,
                            "time_limit": None,
                            "memory_limit": None,
                            "machine": "Some system, 2 cores, 8 GB",
                            "cpu": "Some CPU",
                            "device": "cpu",
                            "versions": json.dumps(
                                {"python": "3", "tabtransfer": "0", "pkg": "7.8"}
                            ),
                            "finished": "2026-01-01T00:00:00+00:00",
                            "status": "skipped" if missing else "ok",
                            "reason": "its <weights> aren't here" if missing else "",
                            "n_train": None if missing else 75,
                            "n_test": None if missing else 75,
                            "roc_auc": None if missing else score + offsets[split],
                            "log_loss": None if missing else 0.5,
                            "accuracy": None if missing else 0.8,
                            "calibration_error": None if missing else 0.1,
                            **dict.fromkeys(("rmse", "r2", "mae", "crps", *COVERAGE)),
                            "reliability": None if missing else json.dumps(BINS),
                            "error": None if missing else 1 - score - offsets[split],
                            "fit_seconds": None if missing else 2.0,
                            "predict_seconds": None if missing else 0.5,
                            "quantile_seconds": None,
                            "job_seconds": 0.1 if missing else 2.6,
                            "peak_memory_mb": None if missing else 300.0,
                        }
                    )
        return pd.DataFrame(rows)

    return make
