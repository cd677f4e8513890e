"""How like real rows drawn rows are: marginals, pairs, models trained on them, distances."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import ks_2samp
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from tabtransfer.errors import ColumnWarning
from tabtransfer.joint.associations import associations
from tabtransfer.joint.distances import nearest_distances
from tabtransfer.joint.own_rows import row_keys
from tabtransfer.preprocessing.encoded_table import EncodedTable
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.table_files.task import choose_task

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["GenerationReport", "evaluate_rows"]

_N_TREES = 60


@dataclass(frozen=True, eq=False)
class GenerationReport:
    """Drawn rows beside real ones.

    Parameters
    ----------
    table : DataFrame
        A line for each measure. Column "drawn" is about drawn rows, "real" about real rows in
        their place: training rows in the first four measures, held-out rows in the others. Drawn
        rows are as good as real ones where both columns say the same.
    columns : DataFrame
        The distance of each column's marginal distribution from that of held-out rows, "drawn" and
        "real"; from 0 to 1.
    training, held_out, drawn : EncodedTable
        The rows, encoded.
    sources : ndarray of int64
        The column behind each encoded one.
    """

    table: pd.DataFrame
    columns: pd.DataFrame
    training: EncodedTable
    held_out: EncodedTable
    drawn: EncodedTable
    sources: NDArray[np.int64]

    def plot(self) -> Figure:
        """Return a page of pictures: the table, marginals, associations and distances."""
        from tabtransfer.joint.evaluation_page import draw_page

        return draw_page(self)


def evaluate_rows(
    training: pd.DataFrame, held_out: pd.DataFrame, drawn: pd.DataFrame, target: int, seed: int
) -> GenerationReport:
    """Compare drawn rows with real ones.

    Parameters
    ----------
    training : DataFrame, (n_training, n_columns)
        The rows that were learned from.
    held_out : DataFrame, (n_held_out, n_columns)
        Other real rows.
    drawn : DataFrame, (n_drawn, n_columns)
        Rows that were drawn.
    target : int
        Place of the column that models trained on real and on drawn rows predict.
    seed : int
        Seed of the models.

    Returns
    -------
    GenerationReport
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ColumnWarning)
        encoder = TableEncoder().fit(training)
        train, held, new = (encoder.transform(rows) for rows in (training, held_out, drawn))
    names = training.columns
    firsts = np.searchsorted(encoder.sources_, np.arange(len(names)))
    marginals = pd.DataFrame(
        {
            name: [_marginal(table, held, first) for first in firsts]
            for name, table in (("drawn", new), ("real", train))
        },
        index=names,
    )
    real = associations(held, firsts)
    pairs = [float(np.nanmean(np.abs(associations(one, firsts) - real))) for one in (new, train)]
    measure = "ROC AUC" if _has_classes(training, target) else "R²"
    scores = [_score(rows, encoder, held_out, target, seed) for rows in (drawn, training)]
    detected = [_detected(table, held, seed) for table in (new, train)]
    near = [nearest_distances(train, table) for table in (new, held)]
    keys = set(row_keys(train))
    copies = [float(np.mean([key in keys for key in row_keys(table)])) for table in (new, held)]
    lines = {
        "distance of marginals, mean": marginals.mean().tolist(),
        "difference of associations, mean": pairs,
        "AUC of a forest against held-out rows": detected,
        f"{measure} of a forest trained on them": scores,
        "distance to the nearest training row, median": [float(np.median(one)) for one in near],
        "distance to the nearest training row, 5 % quantile": [
            float(np.quantile(one, 0.05)) for one in near
        ],
        "share equal to a training row": copies,
    }
    table = pd.DataFrame(lines, index=["drawn", "real"]).T
    return GenerationReport(table, marginals, train, held, new, encoder.sources_)


def _marginal(table: EncodedTable, other: EncodedTable, column: int) -> float:
    """Return the distance of two marginal distributions, from 0 to 1.

    Kolmogorov and Smirnov's of numbers, the total variation of categories; missing cells count.
    """
    cells, others = table.cells[:, column], other.cells[:, column]
    if table.categorical[column]:
        values = np.nan_to_num(np.concatenate([cells, others]), nan=-1.0).astype(np.int64) + 1
        n = values.max() + 1
        shares = [
            np.bincount(part, minlength=n) / len(part)
            for part in (values[: len(cells)], values[len(cells) :])
        ]
        return float(np.abs(shares[0] - shares[1]).sum() / 2.0)
    holes = abs(float(np.isnan(cells).mean() - np.isnan(others).mean()))
    cells, others = cells[~np.isnan(cells)], others[~np.isnan(others)]
    if not len(cells) or not len(others):
        return holes
    return max(holes, float(ks_2samp(cells, others).statistic))


def _detected(table: EncodedTable, held_out: EncodedTable, seed: int) -> float:
    """Return the AUC, out of fold, by which a forest tells rows from as many held-out ones."""
    n = min(table.n_rows, held_out.n_rows)
    rng = np.random.default_rng(seed)
    cells = [one.cells[rng.permutation(one.n_rows)[:n]] for one in (table, held_out)]
    labels = np.repeat([0, 1], n)
    forest = RandomForestClassifier(_N_TREES, min_samples_leaf=2, random_state=seed)
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    found = cross_val_predict(
        forest, np.concatenate(cells), labels, cv=folds, method="predict_proba"
    )
    return float(roc_auc_score(labels, found[:, 1]))


def _has_classes(rows: pd.DataFrame, target: int) -> bool:
    return choose_task(rows.iloc[:, target].dropna())[0] == "classification"


def _score(
    frame: pd.DataFrame, encoder: TableEncoder, held_out: pd.DataFrame, target: int, seed: int
) -> float:
    """Return how well a forest trained on rows predicts the target of held-out ones."""
    others = np.flatnonzero(encoder.sources_ != target)
    own = np.flatnonzero(encoder.sources_ == target)[0]

    def split(rows: pd.DataFrame) -> tuple[NDArray[Any], NDArray[Any]]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ColumnWarning)
            table = encoder.transform(rows)
        known = ~table.missing[:, own]
        return table.cells[known][:, others], table.values[known, own]

    (X, y), (X_test, y_test) = split(frame), split(held_out)
    if not _has_classes(held_out, target):
        regressor = RandomForestRegressor(_N_TREES, min_samples_leaf=2, random_state=seed)
        return float(r2_score(y_test, regressor.fit(X, y).predict(X_test)))
    y, y_test = y.astype(str), y_test.astype(str)
    classes = np.unique(y_test)
    if len(np.unique(y)) < 2 or len(classes) < 2:
        return 0.5
    forest = RandomForestClassifier(_N_TREES, min_samples_leaf=2, random_state=seed).fit(X, y)
    probabilities = pd.DataFrame(forest.predict_proba(X_test), columns=forest.classes_)
    one_by_one = [
        roc_auc_score(y_test == label, probabilities[label]) if label in probabilities else 0.5
        for label in classes
    ]
    return float(np.mean(one_by_one))
