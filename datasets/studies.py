"""Tables of published studies, carried by causaldata."""

from __future__ import annotations

import pandas as pd

from tabtransfer.datasets.package_files import package_file
from tabtransfer.datasets.table import TableMetadata, TableSource

__all__ = ["TABLES"]

_LICENCE = "MIT (package)"


def _path(file: str) -> str:
    # The files are read directly: importing causaldata reads all of its tables.
    return package_file("causaldata", f"causaldata/{file}")


def _as_text(column: pd.Series) -> pd.Series:
    return column.astype(str).astype("category")


def _read_titanic() -> tuple[pd.DataFrame, pd.Series]:
    data = pd.read_stata(_path("titanic/titanic.dta")).astype(str)
    X = data.drop(columns=["survived"]).astype("category")
    return X, data["survived"]


def _read_credit_cards() -> tuple[pd.DataFrame, pd.Series]:
    data = pd.read_stata(_path("credit_cards/credit_cards.dta"))
    X = data.drop(columns=["LateSept"]).astype({"LateApril": bool})
    return X, data["LateSept"].map({1: "late", 0: "in time"})


def _read_scorecard() -> tuple[pd.DataFrame, pd.Series]:
    data = pd.read_stata(_path("scorecard/scorecard.dta")).dropna(subset=["earnings_med"])
    X = data.drop(columns=["unitid", "earnings_med"])
    text = ["state_abbr", "pred_degree_awarded_ipeds"]
    return X.assign(**{name: _as_text(X[name]) for name in text}), data["earnings_med"]


def _read_auto() -> tuple[pd.DataFrame, pd.Series]:
    data = pd.read_stata(_path("auto/auto.dta"))
    X = data.drop(columns=["make", "price"])
    return X.assign(foreign=_as_text(X["foreign"])), data["price"].astype(float)


TABLES: tuple[TableSource, ...] = (
    TableSource(
        TableMetadata(
            name="titanic",
            task="binary",
            target="survived",
            n_rows=2201,
            n_columns=3,
            n_categorical=3,
            missing_share=0.0,
            n_classes=2,
            kind="categorical",
            package="causaldata",
            licence=_LICENCE,
            description="People aboard the Titanic: survived or not, from class, age and sex.",
        ),
        _read_titanic,
    ),
    TableSource(
        TableMetadata(
            name="credit_cards",
            task="binary",
            target="LateSept",
            n_rows=30000,
            n_columns=3,
            n_categorical=1,
            missing_share=0.0,
            n_classes=2,
            kind="mixed",
            package="causaldata",
            licence=_LICENCE,
            description="Holders of credit cards in Taiwan: late in September 2005 or not.",
        ),
        _read_credit_cards,
    ),
    TableSource(
        TableMetadata(
            name="scorecard",
            task="regression",
            target="earnings_med",
            n_rows=32739,
            n_columns=5,
            n_categorical=2,
            missing_share=0.0126,
            n_classes=None,
            kind="mixed with missing values",
            package="causaldata",
            licence=_LICENCE,
            description="Colleges of the USA, several years of each: median later earnings.",
            dropped="unitid (identifier)",
        ),
        _read_scorecard,
    ),
    TableSource(
        TableMetadata(
            name="auto",
            task="regression",
            target="price",
            n_rows=74,
            n_columns=10,
            n_categorical=1,
            missing_share=0.0068,
            n_classes=None,
            kind="mixed with missing values",
            package="causaldata",
            licence=_LICENCE,
            description="Cars sold in the USA in 1978: price in dollars.",
            dropped="make (names each car)",
            family="cars",
        ),
        _read_auto,
    ),
)
