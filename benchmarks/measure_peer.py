"""Measure one fit and two predictions of one classifier, alone in its process, on one core.

usage: python benchmarks/measure_peer.py METHOD --rows 1000 [--queries 1000] [--members 2]
           [--device cpu]

Prints one line of JSON. On a CPU the process binds itself to the first core it may run on, so
`taskset` chooses the core; with another device, networks compute there and all cores are free.
Imports and a first fit and prediction on 64 rows come before the clock starts; memory is the peak
of the resident set above what was resident then, weights included, and never a GPU's. Linux with
glibc only: it reads and resets the peak through /proc.

TabICL v2 and TabPFN v2 run through their own packages' classifiers with all of their defaults, on
checkpoints of random weights in the published sizes: time and memory don't depend on what the
weights are, predictions do and mean nothing.
"""

from __future__ import annotations

import argparse
import ctypes
import dataclasses
import gc
import json
import os
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

ON_CPU = "--device" not in sys.argv or sys.argv[sys.argv.index("--device") + 1] == "cpu"
if ON_CPU:
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = "1"
os.environ.update(HF_HUB_OFFLINE="1", TABPFN_NO_BROWSER="1")
# Above 1,000 training rows TabPFN refuses a CPU unless told not to.
os.environ["TABPFN_ALLOW_CPU_LARGE_DATASET"] = "1"

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import make_classification

N_COLUMNS, N_INFORMATIVE = 20, 10
N_WARM = 64  # rows

# The network of tabicl-classifier-v2-20260212.ckpt, as scripts/train_v2_clf_stage3.sh of
# soda-inria/tabicl sets it; what isn't named is the package's default.
TABICL_V2 = {
    "max_classes": 10,
    "embed_dim": 128,
    "col_num_blocks": 3,
    "col_nhead": 8,
    "col_num_inds": 128,
    "col_affine": False,
    "col_feature_group": "same",
    "col_feature_group_size": 3,
    "col_target_aware": True,
    "col_ssmax": "qassmax-mlp-elementwise",
    "row_num_blocks": 3,
    "row_nhead": 8,
    "row_num_cls": 4,
    "row_rope_base": 100000,
    "row_rope_interleaved": False,
    "icl_num_blocks": 12,
    "icl_nhead": 8,
    "icl_ssmax": "qassmax-mlp-elementwise",
    "ff_factor": 2,
    "norm_first": True,
    "zero_init": False,
}


N_THREADS = 1 if ON_CPU else len(os.sched_getaffinity(0))


def make_tabtransfer(folder: Path, members: dict[str, int], device: str) -> Any:
    """Make our classifier with its defaults."""
    from tabtransfer import TabTransferClassifier

    return TabTransferClassifier(random_state=0, n_threads=N_THREADS, device=device, **members)


def make_catboost(folder: Path, members: dict[str, int], device: str) -> Any:
    """Make CatBoost with its defaults, 1,000 trees; it has no members."""
    from tabtransfer.baselines.registry import get_method

    return get_method("catboost").make(random_state=0, n_threads=N_THREADS)


def make_tabicl(folder: Path, members: dict[str, int], device: str) -> Any:
    """Make ``tabicl.TabICLClassifier`` with its defaults on random weights."""
    import torch
    from tabicl import TabICLClassifier
    from tabicl._model.tabicl import TabICL

    path = folder / "tabicl-v2.ckpt"
    state = TabICL(**TABICL_V2).state_dict()
    torch.save({"config": TABICL_V2, "state_dict": state}, path)
    return TabICLClassifier(
        model_path=path, allow_auto_download=False, device=device, n_jobs=N_THREADS, **members
    )


def make_tabpfn(folder: Path, members: dict[str, int], device: str) -> Any:
    """Make ``tabpfn.TabPFNClassifier`` with its defaults for v2 on random weights."""
    import torch
    from tabpfn import TabPFNClassifier
    from tabpfn.architectures import tabpfn_v2
    from tabpfn.constants import ModelVersion

    path = folder / "tabpfn-v2.ckpt"
    config = tabpfn_v2.TabPFNV2Config(max_num_classes=10)
    checkpoint = {
        "architecture_name": "tabpfn_v2",
        "config": dataclasses.asdict(config),
        "state_dict": tabpfn_v2.get_architecture(config).state_dict(),
    }
    torch.save(checkpoint, path)
    return TabPFNClassifier.create_default_for_version(
        ModelVersion.V2, model_path=path, device=device, **members
    )


MAKERS: dict[str, Callable[[Path, dict[str, int], str], Any]] = {
    "tabtransfer": make_tabtransfer,
    "catboost": make_catboost,
    "tabicl-v2": make_tabicl,
    "tabpfn-v2": make_tabpfn,
}


def make_table(n_rows: int) -> tuple[pd.DataFrame, pd.Series]:
    """Draw a binary target and numeric columns, half of them informative."""
    features, classes = make_classification(
        n_rows, N_COLUMNS, n_informative=N_INFORMATIVE, random_state=0
    )
    return pd.DataFrame(features).add_prefix("x"), pd.Series(classes).map({0: "no", 1: "yes"})


def resident(what: str) -> float:
    """Return ``VmRSS``, the resident set, or ``VmHWM``, its peak, in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(rf"{what}:\s+(\d+) kB", status)[0]) / 1024


def timed(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what a call returns, its seconds, and its seconds on the core."""
    start, start_core = time.perf_counter(), time.process_time()
    result = call()
    return result, time.perf_counter() - start, time.process_time() - start_core


def measure(model: Any, n_train: int, n_query: int) -> dict[str, float]:
    """Time fit, a prediction, and a prediction of other rows by the same fitted model."""
    X, y = make_table(n_train + 2 * n_query)
    warm_X, warm_y = make_table(2 * N_WARM)
    warm = clone(model).fit(warm_X[:N_WARM], warm_y[:N_WARM])
    warm.predict_proba(warm_X[N_WARM:])
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)  # freed memory that the allocator keeps
    baseline = resident("VmRSS")
    del warm  # with its network, which the measured fit reads again
    gc.collect()
    parts: dict[str, Callable[[], Any]] = {
        "fit": lambda: model.fit(X[:n_train], y[:n_train]),
        "predict": lambda: model.predict_proba(X[n_train : n_train + n_query]),
        "further": lambda: model.predict_proba(X[n_train + n_query :]),
    }
    Path("/proc/self/clear_refs").write_text("5")  # sets VmHWM to VmRSS
    record = {}
    for name, call in parts.items():
        result, record[f"{name}_s"], record[f"{name}_core_s"] = timed(call)
        if name != "fit" and not (result.shape == (n_query, 2) and np.isfinite(result).all()):
            raise RuntimeError(f"{name} gave no probabilities of two classes")
    record["peak_mib"] = resident("VmHWM") - baseline
    record["baseline_mib"] = baseline
    return record


def main() -> None:
    """Measure and print the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("method", choices=MAKERS)
    parser.add_argument("--rows", type=int, required=True, help="training rows")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--members", type=int, help="ensemble members, if not the default")
    parser.add_argument("--device", default="cpu", help="where networks compute")
    options = parser.parse_args()
    if ON_CPU:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    members = {} if options.members is None else {"n_estimators": options.members}
    package = options.method.removesuffix("-v2")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Running on CPU with more than")
        model = MAKERS[options.method](Path(folder), members, options.device)
        record = measure(model, options.rows, options.queries)
        all_rows = options.method != "tabtransfer" or model.n_context_rows_ >= options.rows
    record["context_rows"] = options.rows if all_rows else model.n_context_rows_
    print(json.dumps(record | {"version": metadata.version(package)}))


if __name__ == "__main__":
    main()
