"""Summarise the journal of auto.py, or auto.csv that is made of it.

usage: summary.py auto.jsonl | auto.csv [OUT.csv]
"""

import itertools
import sys

import numpy as np
import pandas as pd

COLUMNS = ["loss", "error"]  # log loss or pinball loss; 1 - ROC AUC or root mean squared error
KEPT = ["table", "task", "n_train", "chosen", "probability", "n_children", "n_steps", "stopped"]
BOUNDS = [0, 1000, 2000, 5000, 10_001]


def read(path):
    if path.endswith(".csv"):
        return pd.read_csv(path)
    found = pd.read_json(path, lines=True)
    for when in ("base", "tuned"):
        found[[f"{when}_{column}" for column in COLUMNS]] = found.pop(when).tolist()
    columns = [f"{when}_{column}" for when in ("base", "tuned") for column in COLUMNS]
    return found[[*KEPT, "fit_seconds", *columns]].sort_values(["n_train", "table"])


def mean(logs):
    """Return the mean change with its 95 % interval over tables, in percent."""
    drawn = np.random.default_rng(0).integers(len(logs), size=(10_000, len(logs)))
    low, high = np.quantile(logs[drawn].mean(1), (0.025, 0.975))
    return " ".join(f"{100 * np.expm1(x):+.2f}" for x in (logs.mean(), low, high))


def say(name, part):
    tuned = (part.chosen == "tuned").to_numpy()
    print(f"{name}: {len(part)} tables, {tuned.sum()} tuned, {part.fit_seconds.median():.0f} s")
    for column in COLUMNS:
        before, after = (part[f"{w}_{column}"].clip(lower=1e-6) for w in ("base", "tuned"))
        logs = np.where(tuned, np.log(after / before), 0.0)
        better, worse = (logs < -0.001).sum(), (logs > 0.001).sum()
        worst = part.table.iloc[logs.argmax()]
        print(f"    {column}: {mean(logs)} %; by .1 % {better} better, {worse} worse", end="; ")
        print(f"worst {100 * np.expm1(logs.max()):+.2f} % ({worst})")


found = read(sys.argv[1])
if len(sys.argv) > 2:
    found.round(7).to_csv(sys.argv[2], index=False)
numeric = found.task == "regression"
for name, part in (("all", found), ("classes", found[~numeric]), ("numbers", found[numeric])):
    say(name, part)
for low, high in itertools.pairwise(BOUNDS):
    part = found[(found.n_train >= low) & (found.n_train < high)]
    for name, some in (("", part), (" numbers", part[part.task == "regression"])):
        if len(some):
            say(f"{low} to {high - 1} rows{name}", some)
