"""Drawn rows beside real ones: ours, a Gaussian copula and CTGAN.

usage: python benchmarks/generation.py [--tables penguins wine] [--out FILE] [--seeds 1]

Each generator learns from half of at most 300 rows, with the target among the columns, and draws
as many; the other half is held out (`TabTransferGenerator.evaluate`). The opponents are SDV's, if
it is installed (``pip install tabtransfer[generation]``).
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from typing import Any

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
import pandas as pd

from tabtransfer import TabTransferGenerator
from tabtransfer.datasets.suites import load_table
from tabtransfer.joint.evaluation import evaluate_rows

TABLES = ("iris", "penguins", "cars", "diabetes", "401ksubs", "wine")
N_ROWS = 300


class Shuffled:
    """Draw each column on its own: what ignores how columns go together."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def fit(self, X: pd.DataFrame) -> Shuffled:
        """Keep the rows."""
        self.X = X
        return self

    def sample(self, n: int) -> pd.DataFrame:
        """Draw rows."""
        drawn = {
            name: self.X[name].sample(n, replace=True, random_state=self.rng) for name in self.X
        }
        return pd.DataFrame({name: cells.to_numpy() for name, cells in drawn.items()})


class SDV:
    """One of SDV's synthesizers, told which columns are numbers and which categories."""

    def __init__(self, name: str, seed: int, **parameters: Any) -> None:
        self.name, self.seed, self.parameters = name, seed, parameters

    def fit(self, X: pd.DataFrame) -> SDV:
        """Learn from rows."""
        import sdv.single_table
        import torch
        from sdv.metadata import Metadata

        np.random.seed(self.seed)
        torch.manual_seed(self.seed)
        kinds = {
            str(name): "numerical" if pd.api.types.is_numeric_dtype(X[name]) else "categorical"
            for name in X
        }
        columns = {name: {"sdtype": kind} for name, kind in kinds.items()}
        metadata = Metadata.load_from_dict({"tables": {"rows": {"columns": columns}}})
        self.model = getattr(sdv.single_table, self.name)(metadata, **self.parameters)
        self.model.fit({"rows": X})
        return self

    def sample(self, n: int) -> pd.DataFrame:
        """Draw rows."""
        found = self.model.sample(n)
        return found["rows"] if isinstance(found, dict) else found


def make_methods(seed: int) -> dict[str, Any]:
    """Return the generators by name."""
    methods: dict[str, Any] = {
        "tabtransfer": TabTransferGenerator(random_state=seed),
        "columns alone": Shuffled(seed),
    }
    try:
        import sdv  # noqa: F401
    except ImportError:
        print("SDV isn't installed: without the Gaussian copula and CTGAN")
        return methods
    methods["GaussianCopula"] = SDV("GaussianCopulaSynthesizer", seed)
    methods["CTGAN"] = SDV("CTGANSynthesizer", seed, epochs=300)
    return methods


def read(name: str, seed: int) -> pd.DataFrame:
    """Return rows of a table, the target as the last column."""
    table = load_table(name)
    frame = table.X.assign(target=table.y)
    for column in frame:
        cells = frame[column]
        if not pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_bool_dtype(cells):
            frame[column] = cells.astype(object).where(cells.isna(), cells.astype(str))
    rows = np.random.default_rng(seed).permutation(len(frame))[:N_ROWS]
    return frame.iloc[rows].reset_index(drop=True)


def measure(name: str, seed: int) -> list[dict[str, Any]]:
    """Return a line for each generator and measure."""
    frame = read(name, seed)
    training = frame[::2].reset_index(drop=True)
    held_out = frame[1::2].reset_index(drop=True)
    lines, real = [], None
    for method, generator in make_methods(seed).items():
        start = time.perf_counter()
        drawn = generator.fit(training).sample(len(training))[list(frame)]
        seconds = time.perf_counter() - start
        table = evaluate_rows(training, held_out, drawn, frame.shape[1] - 1, seed).table
        measures = {_short(line): value for line, value in table["drawn"].items()}
        real = {_short(line): value for line, value in table["real"].items()}
        lines.append(
            {"table": name, "seed": seed, "method": method, **measures, "seconds": seconds}
        )
    lines.append({"table": name, "seed": seed, "method": "real rows", **(real or {})})
    return lines


def _short(line: str) -> str:
    """Return one name of the score of forests, whether it is of classes or of numbers."""
    return "score of a forest trained on them" if "trained on" in line else line


def main() -> None:
    """Run the benchmark and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--out", help="CSV file for a line of each measurement")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    lines = []
    for name in options.tables:
        for seed in range(options.seeds):
            lines += measure(name, seed)
        if options.out:
            pd.DataFrame(lines).to_csv(options.out, index=False, float_format="%.4f")
        print(f"{name} measured", flush=True)
    found = pd.DataFrame(lines)
    methods = list(found["method"].unique())
    for value in found.columns[3:]:
        by_table = found.pivot_table(value, "table", "method", sort=False)
        by_table = by_table[[name for name in methods if name in by_table]]
        print(f"\n{value}\n{by_table.round(3).to_string()}")
        print(by_table.median().round(3).rename("median").to_frame().T.to_string(header=False))


if __name__ == "__main__":
    main()
