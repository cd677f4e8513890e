"""What advice is worth: errors of the methods it names, against always naming the same one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tabtransfer.bench.analysis.advice import MIN_FAMILIES, describe_tables, make_model
from tabtransfer.bench.analysis.ranking import relative_gain
from tabtransfer.bench.analysis.statistics import table_scores
from tabtransfer.gains import bootstrap_mean
from tabtransfer.number_text import minus

_MOST_MISSING = 0.1  # of the tables, for a method to be a candidate


@dataclass(frozen=True)
class AdviceValue:
    """How much lower errors are by choosing a method for each table by its description.

    Parameters
    ----------
    always : str
        The method of best average, which is the other choice. It is picked on all tables, which
        flatters it.
    n_families : int
        Families of tables, each advised on by what the others teach.
    gain, low, high : float
        Mean share by which the error of the chosen method is lower than that method's, and its 95 %
        interval.
    """

    always: str
    n_families: int
    gain: float
    low: float
    high: float

    @property
    def pays(self) -> bool:
        """Whether the interval lies above 0."""
        return self.low > 0

    def sentence(self) -> str:
        """Return what choosing by a description gains, in words."""
        share, low, high = (minus(f"{100 * x:.1f}") for x in (self.gain, self.low, self.high))
        return (
            f"Choosing a method by a table's description, cross-validated over {self.n_families} "
            f"families of tables, lowers the error by {share} % against always choosing "
            f"{self.always} (95 % interval {low} to {high} %)"
        )


def value_of_advice(results: pd.DataFrame) -> AdviceValue | None:
    """Measure what choosing by the models of `make_advisors` gains, families left out in turn.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Returns
    -------
    AdviceValue or None
        None with fewer than two methods that nine tenths of the tables have, or too few families
        for a model.
    """
    errors = table_scores(results, "error")
    errors = errors.loc[:, errors.isna().mean() <= _MOST_MISSING].dropna()
    tables = describe_tables(results).loc[errors.index]
    family = results.drop_duplicates("table").set_index("table")["family"].loc[errors.index]
    if errors.shape[1] < 2 or family.nunique() < MIN_FAMILIES:
        return None
    base, *others = errors.columns
    of_others = {name: relative_gain(errors, name, base) for name in others}
    gains = pd.DataFrame({base: 0.0, **of_others}, index=errors.index)
    always = gains.groupby(family).mean().mean().idxmax()
    saved: dict[str, float] = {}
    for name in family.unique():
        left_out = (family == name).to_numpy()
        known = gains[~left_out]
        expected = pd.DataFrame(
            {
                method: make_model().fit(tables[~left_out], known[method]).predict(tables[left_out])
                for method in errors
            },
            index=errors.index[left_out],
        )
        shares = [
            float(relative_gain(errors.loc[[table]], chosen, always).iloc[0])
            if chosen != always
            else 0.0
            for table, chosen in expected.idxmax(axis=1).items()
        ]
        saved[name] = float(np.mean(shares))
    low, high = bootstrap_mean(np.array(list(saved.values()))[:, None])
    return AdviceValue(
        str(always), len(saved), float(np.mean(list(saved.values()))), low.item(), high.item()
    )
