"""
Measuring a new method
======================

Put a method beside the others, on tables of your own choice.
"""

# %%
# A suite is a folder of tables and a ``manifest.json`` that lists them.

import json
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

folder = Path(mkdtemp())
sources = {
    "iris": (load_iris, "multiclass"),
    "wine": (load_wine, "multiclass"),
    "tumours": (load_breast_cancer, "binary"),
    "diabetes": (load_diabetes, "regression"),
}
for name, (load, _) in sources.items():
    load(as_frame=True).frame.to_csv(folder / f"{name}.csv", index=False)
manifest = [
    {"name": name, "file": f"{name}.csv", "target": "target", "task": task}
    for name, (_, task) in sources.items()
]
(folder / "manifest.json").write_text(json.dumps(manifest))

# %%
# A method is a module in ``baselines/``: a scikit-learn estimator, and a record of its name, the
# packages it needs and what it can take. Named in ``baselines/registry.py``, it is measured as all
# others, each job in a process of its own; ``CONTRIBUTING.md`` says how, step by step. Here two
# stand for it.

command = [sys.executable, "-m", "tabtransfer", "benchmark", "--suite", f"folder:{folder}"]
command += ["--methods", "linear,nearest-neighbors", "--n-splits", "1", "--jobs", "1"]
done = subprocess.run(
    [*command, "--out", folder / "out"], cwd=folder, capture_output=True, text=True
)
print(done.stdout)

# %%
# Everything that the report says comes from one table of results, a row for each job.

results = pd.read_parquet(folder / "out" / "results.parquet")
results[["table", "method", "task", "status", "roc_auc", "rmse", "fit_seconds"]].round(3)

# %%
# A killed run goes on with the same command, ``tabtransfer merge`` joins the results of several
# machines, and ``tabtransfer report`` draws the report again.
