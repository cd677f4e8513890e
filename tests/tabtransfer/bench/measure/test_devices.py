"""Which device jobs compute on, how many at a time, and what results say of it."""

import threading
import time
from dataclasses import replace

import cloudpickle
import pytest
import torch

from tabtransfer.baselines.registry import get_method
from tabtransfer.bench.measure.plan import Sampling, plan_requests
from tabtransfer.bench.measure.run import run
from tabtransfer.bench.protocol import NO_LIMITS
from tabtransfer.bench.report.conditions import describe_conditions
from tabtransfer.bench.results import check_one_protocol
from tabtransfer.datasets.suites import load_suite
from tabtransfer.errors import TabTransferError

OURS, LINEAR = get_method("tabtransfer"), get_method("linear")


@pytest.fixture(scope="module")
def table():
    return next(iter(load_suite("quickstart")))


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA H200")


class FakeWorkers:
    """Workers that note which jobs run at the same time, and run none."""

    def __init__(self):
        self.running, self.at_once, self.lock = [], [], threading.Lock()

    def run(self, pickled):
        request = cloudpickle.loads(pickled)
        with self.lock:
            self.running.append(request.device)
            self.at_once.append(tuple(self.running))
        time.sleep(0.02)
        with self.lock:
            self.running.remove(request.device)
        return {"status": "ok", "reason": "", "n_train": 1, "n_test": 1, "error": 0.1}


def measure(table, path, device="auto", methods=(OURS, LINEAR), **options):
    # No table is one that the weights have seen, which would cost its jobs.
    methods = [replace(method, seen=lambda table: None) for method in methods]
    workers = FakeWorkers()
    options = {"n_splits": 4, "n_jobs": 3, "max_train": 40, **options}
    results = run("s", [table], methods, path, workers=workers, device=device, **options)
    return results, workers.at_once


class TestOneJobAtATime:
    def test_has_a_gpu_while_others_go_on(self, gpu, table, tmp_path):
        results, at_once = measure(table, tmp_path / "r.parquet")
        assert max(running.count("cuda:0") for running in at_once) == 1
        assert max(map(len, at_once)) <= 3 and ("cpu", "cpu") in {
            tuple(one for one in running if one == "cpu") for running in at_once
        }
        assert results.groupby("method")["device"].unique().map(list).to_dict() == {
            "linear": ["cpu"],
            "tabtransfer": ["NVIDIA H200"],
        }

    def test_also_where_there_is_but_one_at_all(self, gpu, table, tmp_path):
        _, at_once = measure(table, tmp_path / "r.parquet", n_jobs=1)
        assert max(map(len, at_once)) == 1 and len(at_once) == 8

    def test_on_the_cpu_as_many_as_are_asked_for(self, table, tmp_path):
        results, at_once = measure(table, tmp_path / "r.parquet", "cpu", methods=(OURS,))
        assert max(map(len, at_once)) == 3 and set(results["device"]) == {"cpu"}


class TestNoMixing:
    def test_a_file_is_not_gone_on_with_on_another_device(self, table, tmp_path, request):
        measure(table, tmp_path / "r.parquet", "cpu")
        request.getfixturevalue("gpu")
        with pytest.raises(TabTransferError, match=r"on the device cpu.*on NVIDIA H200.*--out"):
            measure(table, tmp_path / "r.parquet", n_splits=5)
        measure(table, tmp_path / "r.parquet", methods=(LINEAR,))  # has no part in it

    def test_rows_of_older_files_are_of_the_cpu(self):
        row = {"suite": "s", "splits": "halves", "seed": 0, "max_train": 9, "max_test": 9}
        row |= {"n_threads": 1, "method": "a", "search_seconds": None}
        check_one_protocol([{**row, "device": None}, {**row, "device": "cpu"}], "here")
        with pytest.raises(TabTransferError, match=r"different devices of a \(NVIDIA H200, cpu\)"):
            check_one_protocol([{**row, "device": None}, {**row, "device": "NVIDIA H200"}], "here")

    def test_reports_name_the_gpu_and_what_it_did(self, gpu, table, tmp_path):
        results, _ = measure(table, tmp_path / "r.parquet")
        results["versions"] = "{}"
        processors = describe_conditions(results)["processors"]
        assert processors[-1] == "NVIDIA H200 for tabtransfer" and len(processors) == 2


def test_a_device_that_is_not_there_is_refused(table):
    sampling = Sampling(1, 0, 40, None, None)
    with pytest.raises(TabTransferError, match='no device "cuda:99"'):
        plan_requests("s", [table], [OURS], sampling, 1, 1, NO_LIMITS, "cuda:99")
    found = plan_requests("s", [table], [LINEAR], sampling, 1, 1, NO_LIMITS, "cuda:99")
    assert {request.device for request in found} == {"cpu"}  # it never computes elsewhere


def test_clusters_compute_on_cpus(table, tmp_path):
    with pytest.raises(TabTransferError, match="methods compute on CPUs, not on cuda"):
        run("s", [table], [OURS], tmp_path / "r.parquet", backend="ray", device="cuda")


def test_methods_are_made_for_a_device():
    assert OURS.make_for("binary", 0, 1, "cuda:1").device == "cuda:1"
    assert OURS.make_for("regression", 0, 1).device == "cpu"
    assert not hasattr(LINEAR.make_for("binary", 0, 1, "cuda:1"), "device")
