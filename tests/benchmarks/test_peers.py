"""The comparison with other methods measures what runs, and says what it only foresees."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "peers.py"


@pytest.fixture(scope="module")
def peers():
    spec = importlib.util.spec_from_file_location("peers", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["peers"] = module  # where dataclasses look for the annotations
    spec.loader.exec_module(module)
    yield module
    del sys.modules["peers"]


def _record(n_train: int, seconds: float) -> dict:
    times = {"fit": 0.1 * seconds, "predict": 0.9 * seconds, "further": 0.5 * seconds}
    both = {f"{part}{suffix}": s for part, s in times.items() for suffix in ("_s", "_core_s")}
    return both | {"peak_mib": 100.0, "version": "1.0", "context_rows": n_train}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_ours_and_catboost_are_measured_at_60_rows(tmp_path):
    out = tmp_path / "peers.csv"
    command = [sys.executable, SCRIPT, "--rows", "60", "--queries", "20", "--repeats", "1"]
    command += ["--methods", "tabtransfer", "catboost", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    ours, catboost = csv.DictReader(out.read_text().splitlines())
    assert [ours["method"], catboost["method"]] == ["tabtransfer", "catboost"]
    for row in (ours, catboost):
        assert float(row["fit_s"]) > 0 and float(row["predict_s"]) > 0
        assert float(row["total_s"]) == pytest.approx(float(row["fit_s"]) + float(row["predict_s"]))
        assert 0 < float(row["peak_mib"]) < 1000
        assert (row["n_train"], row["n_runs"], row["basis"]) == ("60", "1", "default")
    ratio = float(catboost["total_s"]) / float(ours["total_s"])
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("catboost"))
    assert float(line.split()[4]) == pytest.approx(ratio, abs=0.01)
    assert "random weights" in done.stdout


def test_slow_sizes_are_scaled_then_extrapolated_and_say_so(peers, monkeypatch):
    def seconds(n: int) -> float:
        """Return two members' seconds: 1 ms a row, and 1 µs a pair of a row and a training row."""
        return 1e-3 * (n + 1000) + 1e-6 * n * (n + 1000)

    runs = []

    def run(self, method, n_train, members=None):
        runs.append((n_train, members))
        return _record(n_train, seconds(n_train) * (1 if members == 2 else 4))

    monkeypatch.setattr(peers.Benchmark, "run", run)
    benchmark = peers.Benchmark(n_query=1000, repeats=1, clock="wall")
    sizes = (300, 10_000, 20_000, 100_000)
    rows = [benchmark.size(n, ["tabpfn-v2"])[0] for n in sizes]
    assert runs == [(300, 2), (300, None), (10_000, 2), (20_000, 2)]
    assert [row.basis for row in rows] == [
        "default",
        "4 × 2 members",
        "4 × 2 members",
        "extrapolated from 300, 10,000, 20,000 rows",
    ]
    for n, row in zip(sizes, rows, strict=True):
        assert row.total_s == pytest.approx(4 * seconds(n))
        assert row.further_s == pytest.approx(2 * seconds(n))
        assert row.basis in peers.table([row])
    assert [row.peak_mib for row in rows] == [100.0, 100.0, 100.0, None]
