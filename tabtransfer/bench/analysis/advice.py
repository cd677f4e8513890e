"""Predict from a table's properties which method will win, by a small model of past results.

For two methods, ridge regression predicts the relative gain of one over the other from a table's
size, kinds of columns, gaps, classes and noise. It is cross-validated with families of tables left
out, and used only where it then errs less than the mean gain does, by an interval clear of 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.bench.analysis.ranking import mean_ranks, relative_gain
from tabtransfer.bench.analysis.statistics import table_scores
from tabtransfer.bench.protocol import REFERENCE
from tabtransfer.gains import bootstrap_mean

MIN_FAMILIES = 10
"""With fewer independent tables there is no model, only their mean."""
NOISE_METHOD = "linear"
"""Method whose error says how noisy a table is; it costs a tenth of a second."""
_ALPHAS = np.logspace(-1, 4, 11)
_LEVEL = 0.95
_MARGIN = 0.1  # of their range, by which a property may lie outside that of the tables


@dataclass(frozen=True)
class Advice:
    """The expected gain of one method over another on a table.

    Parameters
    ----------
    gain : float
        How much lower its error is expected to be, as a share of the larger one.
    low, high : float
        With the model, where the gain of 95 % of tables lies around its prediction, by the
        cross-validated errors; with the mean, the mean's 95 % interval.
    beyond : tuple of str
        Properties of the table that lie beyond those of all tables measured; empty for the mean.
    """

    gain: float
    low: float
    high: float
    beyond: tuple[str, ...]


@dataclass(frozen=True)
class Advisor:
    """Predict the gain of one method over another.

    Parameters
    ----------
    method, base : str
        The gain is that of `method` over `base`.
    n_families : int
        Families of tables that both were measured on.
    mean, low, high : float
        Mean gain over them, and its interval.
    model_error, mean_error : float
        Root mean squared error of predictions for families left out: the model's, and that of
        always saying the mean. NaN without a model or with one family.
    model : Any
        The fitted model; None where it isn't better than the mean.
    tables : pandas.DataFrame, (n_tables, n_properties)
        Descriptions of the tables.
    reach : float
        Distance from the model's prediction within which 95 % of the left-out gains lie.
    """

    method: str
    base: str
    n_families: int
    mean: float
    low: float
    high: float
    model_error: float
    mean_error: float
    model: Any
    tables: pd.DataFrame
    reach: float

    def advise(self, description: Mapping[str, float]) -> Advice:
        """Return what to expect on a table.

        Parameters
        ----------
        description : mapping of str to float
            Its properties, as `describe_tables` gives them.

        Returns
        -------
        Advice
            The model's prediction, or the mean where the model isn't better.
        """
        if self.model is None:
            return Advice(self.mean, self.low, self.high, ())
        row = pd.DataFrame([description])[list(self.tables)]
        gain = float(np.clip(self.model.predict(row)[0], -1, 1))
        lowest, highest = self.tables.min(), self.tables.max()
        margin = _MARGIN * (highest - lowest) + 1e-9
        outside = (row.iloc[0] < lowest - margin) | (row.iloc[0] > highest + margin)
        beyond = tuple(str(name) for name in self.tables.columns[outside])
        low, high = max(gain - self.reach, -1.0), min(gain + self.reach, 1.0)
        return Advice(gain, low, high, beyond)

    @property
    def weights(self) -> dict[str, float]:
        """The model's change of the gain per standard deviation of a property, largest first."""
        if self.model is None:
            return {}
        found = dict(zip(self.tables, map(float, self.model[-1].coef_), strict=True))
        return dict(sorted(found.items(), key=lambda item: -abs(item[1])))


def describe_tables(results: pd.DataFrame) -> pd.DataFrame:
    """Return each table's properties, those that are also known of a new table.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    pandas.DataFrame, (n_tables, n_properties)
        Decimal logarithms of rows and columns, shares of categorical columns and missing cells,
        binary logarithm of the classes (0 for a number), whether the target is a number, and
        noise: what the linear method leaves unexplained, twice 1 − ROC AUC for classes and
        1 − R² for numbers. Noise is left out where some table has no score of that method.
    """
    tables = results.drop_duplicates("table").set_index("table")
    numeric = tables["task"] == "regression"
    tables = pd.DataFrame(
        {
            "rows": np.log10(tables["n_rows"].astype(float)),
            "columns": np.log10(tables["n_columns"].astype(float)),
            "categorical columns": tables["n_categorical"] / tables["n_columns"],
            "missing cells": tables["missing_share"],
            "classes": np.log2(tables["n_classes"].astype(float).where(~numeric, 1)),
            "numeric target": numeric.astype(float),
        }
    )
    if NOISE_METHOD in set(results["method"]):
        auc, r2 = (
            table_scores(results, metric)[NOISE_METHOD].reindex(tables.index)
            for metric in ("roc_auc", "r2")
        )
        noise = (2 * (1 - auc)).where(~numeric, 1 - r2)
        if noise.notna().all():
            tables["noise"] = noise.clip(0, 1)
    return tables


def make_advisor(results: pd.DataFrame, method: str, base: str) -> Advisor | None:
    """Fit a model of when one method beats another.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.
    method, base : str
        The gain is that of `method` over `base`.

    Returns
    -------
    Advisor or None
        None where no table has errors of both.
    """
    return _learn(_Measured.of(results), method, base)


@dataclass(frozen=True)
class _Measured:
    """What advisors are fitted to: errors, properties and families of the tables."""

    errors: pd.DataFrame
    tables: pd.DataFrame
    family: pd.Series

    @classmethod
    def of(cls, results: pd.DataFrame) -> _Measured:
        family = results.drop_duplicates("table").set_index("table")["family"]
        return cls(table_scores(results, "error"), describe_tables(results), family)


def _learn(measured: _Measured, method: str, base: str) -> Advisor | None:
    errors = measured.errors
    if method not in errors or base not in errors:
        return None
    gains = relative_gain(errors, method, base)
    if gains.empty:
        return None
    tables, family = measured.tables.loc[gains.index], measured.family.loc[gains.index]
    by_family = gains.groupby(family.to_numpy()).mean().to_numpy()
    low, high = (float(bound[0]) for bound in bootstrap_mean(by_family[:, None]))
    n_families = len(by_family)
    model, model_error, mean_error, reach = None, np.nan, np.nan, np.nan
    if n_families >= MIN_FAMILIES:
        by_model, by_mean = _cross_validate(tables, gains, family)
        model_error, mean_error = _root_mean(by_model**2, family), _root_mean(by_mean**2, family)
        if _better(by_model, by_mean, family):
            model = make_model().fit(tables, gains)
            reach = float(np.quantile(np.abs(by_model), _LEVEL, method="higher"))
    mean = float(by_family.mean())
    facts = (mean, low, high, model_error, mean_error)
    return Advisor(method, base, n_families, *facts, model, tables, reach)


def make_advisors(results: pd.DataFrame) -> list[Advisor]:
    """Fit an advisor for each method against CatBoost, or else the method of best mean rank.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    list of Advisor
        One for each other method that met it on a table, largest mean gain first.
    """
    ranks = mean_ranks(results)
    if ranks.empty:
        return []
    base = REFERENCE if REFERENCE in ranks else str(ranks.idxmin())
    measured = _Measured.of(results)
    found = [_learn(measured, str(name), base) for name in ranks.index if name != base]
    return sorted((one for one in found if one is not None), key=lambda one: -one.mean)


def describe_advice(advisors: Sequence[Advisor], advice: Sequence[Advice]) -> list[str]:
    """Return sentences on which method to expect to win on a table.

    Parameters
    ----------
    advisors : sequence of Advisor
        At least one.
    advice : sequence of Advice
        What each says of the table.

    Returns
    -------
    list of str
        Who is expected to win and by how much; on what that rests.
    """
    advisor, best = max(zip(advisors, advice, strict=True), key=lambda pair: pair[1].gain)
    if best.gain <= 0:
        first = f"{advisor.base} is expected to win: {advisor.method}, the next, is expected to "
        first += f"have {_percent(-best.gain)} more error"
    else:
        first = f"{advisor.method} is expected to win: its error is expected to be "
        first += f"{_percent(best.gain)} below {advisor.base}'s"
    what = "gain" if advisor.model is not None else "average gain"
    first += f" (95 % interval of the {what} {_percent(best.low)} to {_percent(best.high)})."
    sentences = [first, _basis(advisor)]
    if best.beyond:
        sentences.append(
            f"Its {', '.join(best.beyond)} lie beyond those of every table measured: expect less "
            "of this."
        )
    return sentences


def _basis(advisor: Advisor) -> str:
    many = f"{advisor.n_families} families of tables" if advisor.n_families != 1 else "one table"
    if advisor.n_families < MIN_FAMILIES:
        return f"That is the average over {many}, whatever the table: too few for a model."
    errors = (
        f"cross-validated error {_percent(advisor.model_error)}, of always saying the average "
        f"{_percent(advisor.mean_error)}"
    )
    if advisor.model is None:
        return (
            f"That is the average over {many}, whatever the table: a model of the table's "
            f"description isn't clearly better ({errors})."
        )
    return (
        f"That is what a model of {many} predicts for such a table ({errors}); what tells most is "
        f"{next(iter(advisor.weights))}."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %".replace("-", "−")


def make_model() -> Any:
    """Return an unfitted model of a gain by a table's properties: ridge regression."""
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), RidgeCV(_ALPHAS))


def _cross_validate(
    tables: pd.DataFrame, gains: pd.Series, family: pd.Series
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the errors of the model and of the mean for each table, its family left out."""
    by_model, by_mean = np.empty(len(gains)), np.empty(len(gains))
    for name in family.unique():
        left_out = (family == name).to_numpy()
        known, wanted = gains[~left_out], gains[left_out]
        model = make_model().fit(tables[~left_out], known)
        by_model[left_out] = wanted - model.predict(tables[left_out])
        by_mean[left_out] = wanted - known.groupby(family[~left_out]).mean().mean()
    return by_model, by_mean


def _root_mean(squares: NDArray[np.float64], family: pd.Series) -> float:
    return float(np.sqrt(pd.Series(squares).groupby(family.to_numpy()).mean().mean()))


def _better(by_model: NDArray[np.float64], by_mean: NDArray[np.float64], family: pd.Series) -> bool:
    """Return whether the interval of what the model saves in squared error lies above 0."""
    saved = pd.Series(by_mean**2 - by_model**2).groupby(family.to_numpy()).mean().to_numpy()
    low, _ = bootstrap_mean(saved[:, None])
    return bool(low[0] > 0)
