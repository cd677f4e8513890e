"""Measure related rows on one group of each of some tables.

    python measure.py FOLDER losses.csv

FOLDER holds the tables as Parquet files by the names below, the target last.
"""

import sys
from pathlib import Path

import pandas as pd

from tabtransfer.bench.measure.small_transfer import SmallTransfer, largest_groups

TABLES = {
    "medical_insurance": "region",
    "bank_customer_churn": "Geography",
    "bike_sharing": "season",
    "online_shoppers_intention": "Region",
    "kc_house_sales": "zipcode",
    "bank-marketing": "month",
    "california_housing": "ocean_proximity",
    "adult": "native_country",
}
TUNED = ("medical_insurance", "bank_customer_churn", "bike_sharing")  # the others in haste
SIZES = (64, 16, 256, 1024)
OPTIONS = {"n_estimators": 2, "n_threads": 1, "device": "cpu"}

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
found = pd.read_csv(out).to_dict("records") if out.exists() else []
done = {(row["table"], row["rows"]) for row in found}
for name, size in [(name, size) for size in SIZES for name in TABLES]:
    if (name, size) in done:
        continue
    by = TABLES[name]
    table = pd.read_parquet(folder / f"{name}.parquet")
    X, y = table.iloc[:, :-1], table.iloc[:, -1]
    is_number = pd.api.types.is_float_dtype(y) or y.nunique() > 20
    experiment = SmallTransfer(
        X,
        y.astype(float) if is_number else y.astype(str),
        by,
        "regression" if is_number else "classification",
        OPTIONS,
        most_related=600,
        tuning_steps=60 if name in TUNED else 0,
    )
    group = largest_groups(X[by], min(SIZES), 2)[0]
    for row in experiment.measure(group, [size]):
        found.append({"table": name, "by": by, **row})
        print(*found[-1].values(), flush=True)
    pd.DataFrame(found).to_csv(out, index=False)
