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
    "seoul_bike": "Seasons",
    "churn": "area_code",
    "law_school_admissions": "cluster",
}
SIZES = (16, 64, 256, 1024)
OPTIONS = {"n_estimators": 2, "n_threads": 1, "device": "cpu"}

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
found = pd.read_csv(out).to_dict("records") if out.exists() else []
done = {(row["table"], row["rows"]) for row in found}
for name, by in TABLES.items():
    sizes = [size for size in SIZES if size == max(SIZES) or (name, size) not in done]
    if (name, max(SIZES)) in done:
        continue
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
        tuning_steps=60,
    )
    group = largest_groups(X[by], min(SIZES), 2)[0]
    for row in experiment.measure(group, sizes):
        found.append({"table": name, "by": by, **row})
        print(*found[-1].values(), flush=True)
        if row["method"].startswith("fine-tuned"):
            pd.DataFrame(found).to_csv(out, index=False)
