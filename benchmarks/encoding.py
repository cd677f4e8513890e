"""Time how a large table of every kind of column is encoded, one thread.

usage: python benchmarks/encoding.py [--rows 20000]

30 numeric columns, 10 of categories, 5 of dates and 5 of texts with 2,000 distinct values; CPU
seconds of learning the columns and of encoding the rows are printed.
"""

from __future__ import annotations

import argparse
import os
import time

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
import pandas as pd

from tabtransfer.preprocessing.encoder import TableEncoder


def make_frame(n_rows: int) -> pd.DataFrame:
    """Make the table."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(n_rows, 30))).add_prefix("number")
    texts = [f"street {i} of town {i % 97}" for i in range(2000)]
    more = {f"category{i}": rng.choice(list("abcdefgh"), n_rows) for i in range(10)}
    more |= {f"date{i}": pd.to_datetime(rng.integers(0, 10**9, n_rows), unit="s") for i in range(5)}
    more |= {f"text{i}": rng.choice(texts, n_rows) for i in range(5)}
    return frame.assign(**more)


def main() -> None:
    """Run the benchmark and print the seconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    frame = make_frame(parser.parse_args().rows)
    TableEncoder().fit(frame[:100])  # what is imported on first use
    start = time.process_time()
    encoder = TableEncoder().fit(frame)
    fitted = time.process_time()
    encoder.transform(frame)
    print(f"{len(frame):,} rows × {frame.shape[1]} columns")
    print(f"fit {fitted - start:.2f} s, transform {time.process_time() - fitted:.2f} s")


if __name__ == "__main__":
    main()
