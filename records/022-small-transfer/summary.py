"""Summarise `losses.csv`, each table's group as one of the groups: python summary.py losses.csv"""

import sys

import pandas as pd

from tabtransfer.bench.analysis.small_transfer import summarise

losses = pd.read_csv(sys.argv[1]).assign(group=lambda found: found["table"])
main = ("from scratch", "in-context", "related rows in context")
for more in (
    None,
    "related rows and groups",
    "fine-tuned on related rows",
    "related rows at weight .2",
):
    wanted = main if more is None else (*main, more)
    part = losses[losses["method"].isin(wanted)]
    if more is not None:
        sizes = losses.loc[losses["method"] == more, ["table", "rows"]]
        part = part.merge(sizes, on=["table", "rows"])
    print(summarise(part).round(3).to_string(index=False), "\n")
