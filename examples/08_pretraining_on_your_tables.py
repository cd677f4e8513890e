"""
Pretraining on your own tables
==============================

Go on training the shipped weights on synthetic tables and on a folder of your own.
"""

# %%
# Tables to train on are Parquet files in a folder, each with its target as the last column. These
# are made; a dozen real ones of a field would do.

import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris

from tabtransfer import TabTransferClassifier

folder = Path(mkdtemp())
(folder / "tables").mkdir()
rng = np.random.default_rng(0)
for number in range(3):
    X = rng.normal(size=(200, 6))
    y = np.where(X @ rng.normal(size=6) + rng.normal(size=200) > 0, "yes", "no")
    table = pd.DataFrame(X, columns=[f"measure {place}" for place in range(6)]).assign(target=y)
    table.to_parquet(folder / "tables" / f"table{number}.parquet")


def tabtransfer(*words: str) -> None:
    """Run a command, and print what it says."""
    command = [sys.executable, "-m", "tabtransfer", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    print(done.stdout, *done.stderr.splitlines()[-5:], sep="\n")


# %%
# ``pack-tables`` makes one file of them. It refuses what seems to be a table of an evaluation
# suite, and tables without a stated licence unless they are allowed, as one's own are.

tabtransfer("pack-tables", "tables", "tables.packed", "--allow-unstated")

# %%
# ``pretrain`` goes on from the shipped weights. Twenty seconds show that it runs; the shipped
# weights took four hours of a GPU. When it is stopped, the same command goes on.

tabtransfer(
    *("pretrain", "--max-time", "20s", "--out", "run", "--init", "shipped"),
    *("--tables", "tables.packed", "--real-share", "0.5", "--max-rows", "128", "--cells", "20000"),
)
print(*sorted(path.name for path in (folder / "run").iterdir()), sep="\n")

# %%
# The estimators take the new weights as ``checkpoint``. ``tabtransfer validate`` scores them beside
# CatBoost on real tables that were kept out: do so before you trust them.

X, y = load_iris(return_X_y=True, as_frame=True)
weights = folder / "run" / "final.safetensors"
model = TabTransferClassifier(1, checkpoint=weights, trees=False, random_state=0)
print(model.fit(X[::2], y[::2]).score(X[1::2], y[1::2]))
