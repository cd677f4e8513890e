"""The figures that a prior report shows for each kind of task, and their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Figures:
    """The figures of one kind of task.

    Parameters
    ----------
    title : str
        Heading of its part of the report.
    meaning : str
        How to read the scores.
    picture : str
        File of the part's picture.
    spreads : dict of str to str
        Figures whose spread is shown, by the column of the measurements: what to call them.
    shares : dict of str to str
        The same of figures that are true or false.
    """

    title: str
    meaning: str
    picture: str
    spreads: dict[str, str]
    shares: dict[str, str]


@dataclass(frozen=True)
class MeasuredTables:
    """The measured tables of one kind: one part of the report.

    Parameters
    ----------
    figures : Figures
        What to show of them.
    synthetic : pandas.DataFrame
        From `measure_prior`.
    real : pandas.DataFrame, optional
        From `measure_tables`; without it the synthetic tables stand alone.
    """

    figures: Figures
    synthetic: pd.DataFrame
    real: pd.DataFrame | None = None

    @property
    def sides(self) -> dict[str, pd.DataFrame]:
        """The measurements by whose they are."""
        both = {"synthetic": self.synthetic, "real": self.real}
        return {name: side for name, side in both.items() if side is not None}


_COLUMN_SPREADS = {
    "categorical": "share of categorical columns",
    "missing": "share of missing cells",
    "distinct": "distinct values / rows",
}
_COLUMN_SHARES = {
    "has_categories": "has categorical columns",
    "has_missing": "has missing cells",
}
_SIZES = {"n_rows": "rows", "n_columns": "columns"}

FIGURES = {
    "classification": Figures(
        title="Classes",
        meaning="Log-losses are divided by ln(classes): 1 is what guessing evenly costs.",
        picture="prior.png",
        spreads={
            "majority": "log-loss of class shares",
            "linear": "log-loss of logistic regression",
            "forest": "log-loss of random forest",
            "gain": "forest's gain over class shares",
            "linear_auc": "ROC AUC of logistic regression",
            "forest_auc": "ROC AUC of random forest",
            **_SIZES,
            "n_classes": "classes",
            "largest_class": "share of the largest class",
            **_COLUMN_SPREADS,
        },
        shares={
            "linear_wins": "logistic regression beats the forest",
            "forest_helps": "the forest beats the class shares",
            **_COLUMN_SHARES,
            "one_class": "has a single class",
        },
    ),
    "regression": Figures(
        title="Numbers",
        meaning=(
            "R² is on the query rows: 0 is what their mean scores, and less than -1 counts as -1. "
            "Targets are standardised by the training rows and clipped at 5 deviations."
        ),
        picture="prior-numbers.png",
        spreads={
            "linear_r2": "R² of ridge regression",
            "forest_r2": "R² of random forest",
            "gain": "forest's R² less ridge regression's",
            **_SIZES,
            "distinct_targets": "distinct targets / rows",
            "most_frequent_target": "share of the most frequent target",
            "skewness": "skewness of the target",
            "largest_target": "largest standardised target, either sign",
            **_COLUMN_SPREADS,
        },
        shares={
            "linear_wins": "ridge regression beats the forest",
            "forest_helps": "the forest beats the mean",
            **_COLUMN_SHARES,
            "repeats_target": "one target on more than 10 % of rows",
        },
    ),
}
"""By kind of task, as `load_corpus` names it."""
