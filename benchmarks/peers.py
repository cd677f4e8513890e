"""Measure time and memory of our classifier beside TabICL v2, TabPFN v2 and CatBoost, on one core.

usage: python benchmarks/peers.py [--rows 300 1000] [--methods tabtransfer catboost]
           [--queries 1000] [--repeats 3] [--clock wall|core] [--out peers.csv]

Default against default, a binary target and 20 numeric columns of scikit-learn's
``make_classification``, half of them informative, seed 0. Every measurement is a process of its
own (``measure_peer.py``). Methods take turns, so that a drift of the machine's speed meets all of
them, and medians count; what takes over 20 seconds runs once. The networks of TabICL and TabPFN
have random weights in their published sizes: only their time and memory count.

Both default to eight members, of which every second is preprocessed otherwise. Where eight would
take over four minutes, two are measured, one of each kind, and their seconds taken four times;
where two would take over 16 minutes, their seconds are extrapolated from the smaller sizes of the
same run. The table and the file say so; the memory of eight is then at least that of two.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import os
import platform
import statistics
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

METHODS = ("tabtransfer", "catboost", "tabicl-v2", "tabpfn-v2")
NETWORKS = ("tabicl-v2", "tabpfn-v2")
N_MEMBERS, N_PART = 8, 2
SCALE = N_MEMBERS // N_PART
FULL_LIMIT, PART_LIMIT, ONCE_LIMIT = 240.0, 960.0, 20.0  # seconds of fit and predict
PARTS = ("fit", "predict", "further")


@dataclasses.dataclass(frozen=True)
class Figures:
    """What a method takes at a size; memory is missing where nothing was run."""

    method: str
    version: str
    n_train: int
    n_query: int
    fit_s: float
    predict_s: float
    further_s: float
    total_s: float  # fit and predict
    peak_mib: float | None
    core_share: float | None  # of the wall's seconds, spent on the core
    n_runs: int
    basis: str


class Benchmark:
    """Run measurements, and keep those of two members to extrapolate to larger ensembles."""

    def __init__(self, n_query: int, repeats: int, clock: str) -> None:
        self.n_query = n_query
        self.repeats = repeats
        self.suffix = "_core_s" if clock == "core" else "_s"
        self.parts: dict[str, dict[int, dict]] = {name: {} for name in NETWORKS}

    def run(self, method: str, n_train: int, members: int | None = None) -> dict:
        """Measure in a process of its own."""
        script = Path(__file__).with_name("measure_peer.py")
        command = [sys.executable, str(script), method, "--rows", str(n_train)]
        command += ["--queries", str(self.n_query)]
        if members is not None:
            command += ["--members", str(members)]
        print(f"measuring {' '.join(command[2:])}", file=sys.stderr, flush=True)
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        print(done.stdout, end="", file=sys.stderr, flush=True)
        return json.loads(done.stdout.splitlines()[-1])

    def total(self, record: dict) -> float:
        """Return the seconds of fit and predict."""
        return record["fit" + self.suffix] + record["predict" + self.suffix]

    def summarise(
        self, method: str, n_train: int, records: list[dict], basis: str, scale: float = 1.0
    ) -> Figures:
        """Take medians of runs at a size."""
        median = {
            part: scale * statistics.median(record[part + self.suffix] for record in records)
            for part in PARTS
        }
        core = sum(record[f"{part}_core_s"] for record in records for part in PARTS)
        wall = sum(record[f"{part}_s"] for record in records for part in PARTS)
        return Figures(
            method=method,
            version=records[0]["version"],
            n_train=n_train,
            n_query=self.n_query,
            fit_s=median["fit"],
            predict_s=median["predict"],
            further_s=median["further"],
            total_s=scale * statistics.median(self.total(record) for record in records),
            peak_mib=statistics.median(record["peak_mib"] for record in records),
            core_share=core / wall,
            n_runs=len(records),
            basis=basis,
        )

    def extrapolate(self, method: str, n_train: int) -> Figures | None:
        """Extrapolate the seconds of two and eight members from smaller sizes; None with under two.

        Part of the work grows with the rows, and part with the rows times the training rows that
        each attends to.
        """
        known = self.parts[method]
        if len(known) < 2:
            return None

        def terms(n: int) -> list[float]:
            return [n + self.n_query, n * (n + self.n_query)]

        at = np.array([terms(n) for n in known])
        seconds = {}
        for part in PARTS:
            measured = np.array([record[part + self.suffix] for record in known.values()])
            # Shares of what was measured, so that small sizes count as much as large ones.
            coefficients, _ = nnls(at / measured[:, None], np.ones(len(measured)))
            seconds[f"{part}_s"] = SCALE * float(coefficients @ terms(n_train))
        return Figures(
            method=method,
            version=next(iter(known.values()))["version"],
            n_train=n_train,
            n_query=self.n_query,
            **seconds,
            total_s=seconds["fit_s"] + seconds["predict_s"],
            peak_mib=None,
            core_share=None,
            n_runs=0,
            basis=f"extrapolated from {', '.join(f'{n:,}' for n in known)} rows",
        )

    def reduced(self, method: str, n_train: int) -> Figures | None:
        """Return a network's figures from fewer members, or None if all can be run."""
        foreseen = self.extrapolate(method, n_train)
        if foreseen is not None and foreseen.total_s > SCALE * PART_LIMIT:
            return foreseen
        part = self.parts[method][n_train] = self.run(method, n_train, N_PART)
        if SCALE * self.total(part) <= FULL_LIMIT:
            return None
        return self.summarise(method, n_train, [part], f"{SCALE} × {N_PART} members", SCALE)

    def size(self, n_train: int, methods: list[str]) -> list[Figures]:
        """Measure the methods at a size, taking turns."""
        figures = {}
        for method in methods:
            if method in NETWORKS and (reduced := self.reduced(method, n_train)) is not None:
                figures[method] = reduced
        records: dict[str, list[dict]] = {name: [] for name in methods if name not in figures}
        for _ in range(self.repeats):
            for method, done in records.items():
                if not done or self.total(done[0]) <= ONCE_LIMIT:
                    done.append(self.run(method, n_train))
        for method, done in records.items():
            read = done[0]["context_rows"]
            basis = "default" if read == n_train else f"default, {read:,} rows a member"
            figures[method] = self.summarise(method, n_train, done, basis)
        return [figures[method] for method in methods]


def table(figures: list[Figures]) -> str:
    """Return a size's figures as a table, with their ratios to ours."""
    ours = next((row for row in figures if row.method == "tabtransfer"), None)

    def ratio(row: Figures, field: str) -> str:
        value, own = getattr(row, field), getattr(ours, field, None)
        return "" if value is None or own is None else f"{value / own:.2f}"

    lines = [
        f"{figures[0].n_train:,} training rows, {figures[0].n_query:,} queries",
        f"{'method':12}{'fit s':>8}{'predict s':>11}{'total s':>9}{'/ ours':>8}"
        f"{'further s':>11}{'/ ours':>8}{'peak MiB':>10}{'/ ours':>8}  basis",
    ]
    for row in figures:
        peak = "" if row.peak_mib is None else f"{row.peak_mib:.0f}"
        lines.append(
            f"{row.method:12}{row.fit_s:8.2f}{row.predict_s:11.2f}{row.total_s:9.2f}"
            f"{ratio(row, 'total_s'):>8}{row.further_s:11.2f}"
            f"{ratio(row, 'further_s'):>8}{peak:>10}"
            f"{ratio(row, 'peak_mib'):>8}  {row.basis}"
        )
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark, print tables and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[300, 1000, 3000, 10_000])
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--clock",
        choices=("wall", "core"),
        default="wall",
        help="core counts seconds on the core only, for a machine that is shared",
    )
    parser.add_argument("--out", type=Path, default=Path("peers.csv"))
    options = parser.parse_args()
    absent = [name for name in options.methods if find_spec(name.removesuffix("-v2")) is None]
    if absent:
        parser.error(f'{", ".join(absent)}: not installed; pip install "tabtransfer[peers]"')
    benchmark = Benchmark(options.queries, options.repeats, options.clock)
    core = min(os.sched_getaffinity(0))
    print(f"{platform.machine()}, Python {platform.python_version()}, core {core}, one thread")
    print(f"{options.clock} seconds; further s: {options.queries:,} other queries, fitted model")
    print("TabICL v2 and TabPFN v2 have random weights: only time and memory count")
    shared = False
    with options.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in dataclasses.fields(Figures)])
        writer.writeheader()
        for n_train in sorted(options.rows):
            figures = benchmark.size(n_train, options.methods)
            writer.writerows(map(dataclasses.asdict, figures))
            file.flush()
            print(f"\n{table(figures)}", flush=True)
            shared |= any((row.core_share or 1.0) < 0.9 for row in figures)
    if shared:
        print("\nOther processes shared the core: core_share in the file is below 0.9")


if __name__ == "__main__":
    main()
