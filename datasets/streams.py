"""Further tables carried by river, which streams them row by row."""

from __future__ import annotations

import pandas as pd

from tabtransfer.datasets.packaged import read_river_stream
from tabtransfer.datasets.table import TableMetadata, TableSource

__all__ = ["TABLES"]

_LICENCE = "BSD-3-Clause (package)"


def _read_yeast() -> tuple[pd.DataFrame, pd.Series]:
    from river import datasets as river_datasets

    X, labels = read_river_stream(river_datasets.Yeast())
    return X, labels.map(lambda row: "yes" if row["Class1"] else "no")


def _read_chick_weights() -> tuple[pd.DataFrame, pd.Series]:
    from river import datasets as river_datasets

    X, y = read_river_stream(river_datasets.ChickWeights())
    diet = X["diet"].astype(str).astype("category")
    return X.drop(columns=["chick"]).assign(diet=diet), y.astype(float)


def _read_water_flow() -> tuple[pd.DataFrame, pd.Series]:
    from river import datasets as river_datasets

    X, y = read_river_stream(river_datasets.WaterFlow())
    # Local time; its offset from UTC changes within the table, which no column type can hold.
    time = pd.to_datetime(X["Time"].map(lambda stamp: stamp.replace(tzinfo=None))).dt
    return pd.DataFrame(
        {"day": time.day_of_year, "weekday": time.day_name().astype("category"), "hour": time.hour}
    ), y.astype(float)


def _read_trump_approval() -> tuple[pd.DataFrame, pd.Series]:
    from river import datasets as river_datasets

    X, y = read_river_stream(river_datasets.TrumpApproval())
    return X.drop(columns=["ordinal_date"]), y.astype(float)


TABLES: tuple[TableSource, ...] = (
    TableSource(
        TableMetadata(
            name="yeast",
            task="binary",
            target="Class1",
            n_rows=2417,
            n_columns=103,
            n_categorical=0,
            missing_share=0.0,
            n_classes=2,
            kind="numeric",
            package="river",
            licence=_LICENCE,
            description="Genes of yeast: in the first of 14 overlapping functional groups, or not.",
            dropped="Class2 to Class14 (the other groups)",
        ),
        _read_yeast,
    ),
    TableSource(
        TableMetadata(
            name="chick_weights",
            task="regression",
            target="weight",
            n_rows=578,
            n_columns=2,
            n_categorical=1,
            missing_share=0.0,
            n_classes=None,
            kind="mixed",
            package="river",
            licence=_LICENCE,
            description="Chicks: weight by age and diet; up to twelve rows are one chick's.",
            dropped="chick (identifier)",
        ),
        _read_chick_weights,
    ),
    TableSource(
        TableMetadata(
            name="water_flow",
            task="regression",
            target="flow",
            n_rows=1268,
            n_columns=3,
            n_categorical=1,
            missing_share=0.0,
            n_classes=None,
            kind="mixed",
            package="river",
            licence=_LICENCE,
            description="Hours of 2022: water flowing in a pipe, by day, weekday and hour.",
            dropped="Time (cut into day, weekday and hour)",
        ),
        _read_water_flow,
    ),
    TableSource(
        TableMetadata(
            name="trump_approval",
            task="regression",
            target="five_thirty_eight",
            n_rows=1001,
            n_columns=5,
            n_categorical=0,
            missing_share=0.0,
            n_classes=None,
            kind="numeric",
            package="river",
            licence=_LICENCE,
            description="Days of 2017 to 2019: average approval of a president, from five polls.",
            dropped="ordinal_date (an average follows its neighbours in time)",
        ),
        _read_trump_approval,
    ),
)
