"""Measure training and prediction on a GPU: one command, under ten minutes.

usage: python benchmarks/gpu.py [--out gpu] [--minutes 2.5] [--device cuda] [--quick]

In this order, each part alone in its processes, so that one that fails costs no other:

- predictions on the device and on the CPU, by the shipped weights; they may differ by 1e-4
- launches of a training step, in the network's and the optimizers' kernels, plain
- training for 90 s from random weights (the preset one-gpu)
- training for some minutes from the shipped weights, with compiled blocks and CUDA graphs, on three
  fixed shapes, as many as the time to compile allows (the preset has ten): tasks a second and share
  of the peak are those since the last validation, after compiling
- seconds of fit and predict, and predictions a second of the fitted model, with 1,000, 10,000 and
  50,000 training rows of 20 columns and 1,000 queries, beside TabICL v2 and TabPFN v2 with random
  weights (`measure_peer.py`), where these are installed; ten minutes after the start none begins,
  and what isn't done by then counts as not measured

Writes ``gpu.json`` and ``gpu.txt`` to a folder. The status is 1 where a part failed or the
predictions differ. ``--quick`` does the same in small, for a dry run on a CPU.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import make_classification

from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.device import describe_device, find_device
from tabtransfer.network.described import describe
from tabtransfer.network.loss import task_loss
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.prior import PriorConfig, sample_batch
from tabtransfer.pretrain.training.optim import build_optimizers

TOTAL_SECONDS = 570.0
TOLERANCE = 1e-4
SMOKE_SECONDS = 90.0
METHODS = {"tabtransfer": "tabtransfer", "tabicl-v2": "tabicl", "tabpfn-v2": "tabpfn"}
ROWS = (1000, 10_000, 50_000)
N_QUERIES = 1000
LAUNCHES = ("cudaLaunchKernel", "cuLaunchKernel", "cudaMemcpyAsync", "cudaMemsetAsync")
QUICK = "--cells 512 --max-rows 64 --max-columns 4 --learner-share 0 --workers 0 --no-compile"


class Figures:
    """Run the parts within the time, and keep what each found or why it failed.

    Parameters
    ----------
    out : Path
        Folder of the results.
    device : str
        Where to compute.
    minutes : float
        Of training from the shipped weights.
    quick : bool
        Whether everything is small.
    """

    def __init__(self, out: Path, device: str, minutes: float, quick: bool) -> None:
        self.out = out
        self.device = device
        self.minutes = minutes
        self.quick = quick
        self.started = time.monotonic()
        self.found: dict[str, Any] = {
            "device": describe_device(find_device(device)),
            "cores": len(os.sched_getaffinity(0)),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "quick": quick,
        }

    @property
    def seconds_left(self) -> float:
        """Seconds until ten minutes are over."""
        return TOTAL_SECONDS - (time.monotonic() - self.started)

    def part(self, name: str, measure: Callable[[], Any]) -> None:
        """Measure a part, and write down what is known so far."""
        print(f"{name} …", file=sys.stderr, flush=True)
        begun = time.monotonic()
        try:
            found = measure()
        except Exception as error:  # of any kind: the other parts still count
            found = {"failed": f"{type(error).__name__}: {error}"}
        self.found[name] = found | {"took_s": round(time.monotonic() - begun, 1)}
        (self.out / "gpu.json").write_text(json.dumps(self.found, indent=1) + "\n")

    def start(self, *command: str) -> str:
        """Run a Python command in the time that is left; return what it printed."""
        if self.seconds_left <= 0:
            raise TimeoutError("not measured: ten minutes were over")
        try:
            done = subprocess.run(
                [sys.executable, *command],
                capture_output=True,
                text=True,
                timeout=self.seconds_left,
            )
        except subprocess.TimeoutExpired:
            raise TimeoutError("not measured to its end: ten minutes were over") from None
        if done.returncode:
            raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
        return done.stdout

    def train(self, name: str, seconds: float, *options: str) -> dict[str, Any]:
        """Train by the command; return the last row of the curve, as numbers."""
        folder = self.out / name
        workers = max(1, len(os.sched_getaffinity(0)) - 2)
        options = ("--workers", str(workers), *options)
        if self.quick:
            options = (*options, *QUICK.split(), "--accelerator", "cpu", "--preset", "cpu")
        self.start(
            *("-m", "tabtransfer", "pretrain", "--out", str(folder), "--preset", "one-gpu"),
            *("--max-time", f"{seconds:g}s", "--validate-every", f"{seconds / 60 / 3:.3f}"),
            *options,
        )
        with (folder / "curve.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        return {key: float(value) for key, value in rows[-1].items() if value}

    def predict(self, method: str, n_rows: int) -> dict[str, Any]:
        """Time a classifier in a process of its own."""
        script = str(Path(__file__).with_name("measure_peer.py"))
        n_queries = 20 if self.quick else N_QUERIES
        size = ("--rows", str(n_rows), "--queries", str(n_queries), "--device", self.device)
        found = json.loads(self.start(script, method, *size).splitlines()[-1])
        return found | {
            "predictions_per_second": n_queries / found["predict_s"],
            "further_per_second": n_queries / found["further_s"],
        }


def difference(device: str, quick: bool) -> dict[str, Any]:
    """Return how far predictions on a device are from those on the CPU."""
    n_rows = 60 if quick else 600
    X, classes = make_classification(n_rows, 10, n_informative=5, random_state=0)
    numbers = X[:, 0] + X[:, 1] ** 2
    known, asked = slice(n_rows * 2 // 3), slice(n_rows * 2 // 3, None)
    found: dict[str, list[np.ndarray]] = {"probabilities": [], "means": []}
    for where in ("cpu", device):
        options: dict[str, Any] = {"n_estimators": 2, "random_state": 0, "device": where}
        classifier = TabTransferClassifier(**options).fit(X[known], classes[known])
        found["probabilities"].append(classifier.predict_proba(X[asked]))
        regressor = TabTransferRegressor(**options).fit(X[known], numbers[known])
        found["means"].append(regressor.predict(X[asked]) / numbers.std())
    return {name: float(np.abs(a - b).max()) for name, (a, b) in found.items()}


def launches(device: str, quick: bool) -> dict[str, Any]:
    """Count what a GPU is told in a training step, its tasks made and described by the CPU."""
    where = find_device(device)
    network = TabularTransformer(NetworkConfig()).to(where)
    optimizers = build_optimizers(network)
    size = (2, 64, 4, 32) if quick else (16, 256, 10, 128)
    n_tasks, n_rows, n_columns, n_train = size
    generator = torch.Generator().manual_seed(0)
    batch = sample_batch(PriorConfig(), n_tasks, n_rows, n_columns, n_train, generator)
    described = describe(batch).to(where)

    def step() -> None:
        with torch.autocast(where.type, torch.bfloat16, enabled=where.type == "cuda"):
            output = network(described)
        task_loss(output, described.batch).backward()
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        for optimizer in optimizers:
            optimizer.found_inf = torch.isfinite(norm).logical_not().float()
            optimizer.step()
            optimizer.zero_grad()

    step()  # makes the optimizers' states
    activities = [torch.profiler.ProfilerActivity.CPU]
    if where.type == "cuda":
        activities.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=activities) as profile:
        step()
    counts = {event.key: event.count for event in profile.key_averages()}
    told = sum(n for key, n in counts.items() if key.startswith(LAUNCHES))
    waits = sum(n for key, n in counts.items() if "Synchronize" in key)
    return {"launches": told, "waits": waits, "tasks, rows, columns, training rows": size}


def as_text(found: dict[str, Any]) -> str:
    """Return the figures as some lines of text."""
    head = f"{found['device']}, {found['cores']} cores, torch {found['torch']}"
    lines = [head + (", quick: figures of no meaning" if found["quick"] else "")]
    for name, part in found.items():
        if not isinstance(part, dict):
            continue
        if "failed" in part:
            words = f"FAILED: {part['failed']}"
        elif "tasks_per_second" in part:
            words = (
                f"{part['tasks_per_second']:,.1f} tasks/s, {part['peak_share']:.2%} of a large "
                f"matrix product's speed, {part['gflop_per_batch']:,.1f} GFLOP a batch, "
                f"{part['steps']:,.0f} steps, log loss {part['log_loss']:.3f}"
            )
        elif "fit_s" in part:
            words = (
                f"fit {part['fit_s']:.2f} s, first {part['predictions_per_second']:,.0f} and "
                f"further {part['further_per_second']:,.0f} predictions/s"
            )
        else:
            words = ", ".join(f"{key} {value}" for key, value in part.items() if key != "took_s")
        lines.append(f"{name:28} {words} ({part['took_s']:.0f} s)")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Measure all parts; return the status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("gpu"))
    parser.add_argument("--minutes", type=float, default=2.5, help="from the shipped weights")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--quick", action="store_true", help="in small, on the CPU")
    options = parser.parse_args(arguments)
    device = "cpu" if options.quick else options.device
    options.out.mkdir(parents=True, exist_ok=True)
    figures = Figures(options.out, device, options.minutes, options.quick)
    smoke, longer = (3.0, 3.0) if options.quick else (SMOKE_SECONDS, 60.0 * options.minutes)
    figures.part("difference to the CPU", lambda: difference(device, options.quick))
    figures.part("a step", lambda: launches(device, options.quick))
    figures.part("smoke", lambda: figures.train("smoke", smoke))
    start = ("--init", "shipped", "--compile", "--shapes", "3")
    figures.part("training", lambda: figures.train("training", longer, *start))
    for n_rows in (60,) if options.quick else ROWS:
        for method, package in METHODS.items():
            if find_spec(package) is not None:
                name = f"{method}, {n_rows:,} rows"
                figures.part(name, lambda m=method, n=n_rows: figures.predict(m, n))
    text = as_text(figures.found)
    (options.out / "gpu.txt").write_text(text)
    print(text, end="")
    parts = [part for part in figures.found.values() if isinstance(part, dict)]
    apart = [
        figures.found["difference to the CPU"].get(key, 0.0) for key in ("probabilities", "means")
    ]
    return int(any("failed" in part for part in parts) or max(apart) > TOLERANCE)


if __name__ == "__main__":
    sys.exit(main())
