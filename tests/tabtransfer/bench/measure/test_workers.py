"""Backends: a server that dies, and clusters of two workers that lose one on the way."""

import os
import signal
import threading
import time
from collections import Counter

import cloudpickle
import psutil
import pytest
from sklearn.linear_model import LogisticRegression

from tabtransfer.baselines.method import Method
from tabtransfer.bench.measure.run import run
from tabtransfer.bench.measure.run_job import JobRequest
from tabtransfer.bench.measure.workers import LocalWorkers, open_workers
from tabtransfer.bench.protocol import Job
from tabtransfer.bench.results import journal_path, read_rows
from tabtransfer.datasets.splits import stratified_splits
from tabtransfer.errors import TabTransferError

N_SPLITS = 8


def _request(method, table, **settings):
    split = stratified_splits(table.y)[0]
    job = Job("s", table.name, method.name)
    return cloudpickle.dumps(JobRequest(job, table, method, split, **settings))


@pytest.mark.slow
def test_a_server_that_dies_costs_its_job_and_is_replaced(tables, logistic):
    def make(random_state, n_threads):
        class Murderer(LogisticRegression):
            def fit(self, X, y):
                os.kill(os.getppid(), signal.SIGKILL)
                time.sleep(60)

        return Murderer()

    workers = LocalWorkers(n_threads=1)
    try:
        outcome = workers.run(_request(Method("murderer", make), tables[0]))
        assert outcome == {"status": "failed", "reason": "the process that starts jobs died"}
        assert workers.run(_request(logistic, tables[0]))["status"] == "ok"
        nonsense = workers.run(cloudpickle.dumps("no task"))
        assert nonsense["status"] == "failed"
        assert "AttributeError" in nonsense["reason"]
        assert workers.run(_request(logistic, tables[0]))["status"] == "ok"
        # However long a server's imports take, the job ends with the time of the run.
        late = workers.run(_request(logistic, tables[0], deadline=time.monotonic() - 1))
        assert (late["status"], late["reason"]) == ("left_out", "the time was over")
        later = _request(logistic, tables[0], deadline=time.monotonic() + 600)
        assert workers.run(later)["status"] == "ok"
    finally:
        workers.close()


def test_what_cannot_be_sent_costs_its_own_rows(tables, logistic, tmp_path):
    lock = threading.Lock()
    unsendable = Method("unsendable", lambda random_state, n_threads: lock)
    frame = run("s", tables[:1], [unsendable, logistic], tmp_path / "r.parquet", n_splits=1)
    rows = frame.set_index("method")
    assert rows["status"].to_dict() == {"unsendable": "failed", "logistic": "ok"}
    assert "cannot pickle" in rows["reason"]["unsendable"]


def test_an_unknown_backend_is_an_error():
    with pytest.raises(TabTransferError, match="no backend 'spark'; the backends are local, ray"):
        open_workers("spark", 1)


@pytest.fixture
def ray_cluster():
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=2, object_store_memory=100_000_000, include_dashboard=False)
    yield
    ray.shutdown()


@pytest.fixture
def dask_cluster():
    distributed = pytest.importorskip("dask.distributed")
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster):
        yield


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["ray", "dask"])
def test_a_cluster_that_loses_a_worker_loses_no_job_and_repeats_none(
    backend, tables, tmp_path, request
):
    request.getfixturevalue(f"{backend}_cluster")
    log, path = tmp_path / "log", tmp_path / "r.parquet"
    log.touch()

    def make(random_state, n_threads):
        class Slow(LogisticRegression):
            def fit(self, X, y):
                time.sleep(0.5)
                worker = psutil.Process(os.getppid()).ppid()  # the job server's parent
                with log.open("a") as file:
                    file.write(f"{worker} {len(X.columns)} {random_state}\n")
                return super().fit(X, y)

        return Slow(max_iter=50)

    def fits():
        return [tuple(map(int, line.split())) for line in log.read_text().splitlines()]

    def measure():
        methods = [Method("slow", make)]
        run("s", tables, methods, path, n_splits=N_SPLITS, n_jobs=2, backend=backend)

    running = threading.Thread(target=measure)
    running.start()
    while len({worker for worker, *_ in fits()}) < 2 or not journal_path(path).exists():
        assert running.is_alive()
        time.sleep(0.02)
    kept = {(row["table"], row["split"]) for row in read_rows(path)}
    victim = fits()[-1][0]
    os.kill(victim, signal.SIGKILL)
    before = len(fits())
    running.join()

    rows = read_rows(path)
    jobs = [(row["table"], row["split"]) for row in rows]
    assert sorted(jobs) == [(name, n) for name in ("iris", "wine") for n in range(N_SPLITS)]
    assert {row["status"] for row in rows} == {"ok"}
    width = {"iris": 4, "wine": 13}
    n_fits = Counter((n_columns, split) for _, n_columns, split in fits())
    assert all(n_fits[width[table], split] == 1 for table, split in kept)
    assert sum(n_fits.values()) <= len(jobs) + 1
    assert victim not in {worker for worker, *_ in fits()[before:]}
