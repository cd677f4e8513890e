"""Scores that training decisions are made on: an estimator beside opponents on real tables.

**The score.** On each table and split, ROC AUC (one-vs-one) and log-loss are put on a scale where
0 is the class shares of the training rows and 1 the better of the two opponents, CatBoost and a
random forest, both with defaults. Where the better opponent gains less than 0.05 on the class
shares, 0.05 is the unit instead, so that tables with little to learn don't decide, and values are
cut at -1 and 2. A method's score is the mean of both metrics over splits, then tables: 1 is as good
as the better opponent of each table and metric, better than either opponent alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.validation.metrics import one_vs_one_auc, relative_log_loss
from tabtransfer.pretrain.validation.score_cache import ScoreCache, table_digest

if TYPE_CHECKING:
    import pandas as pd

    from tabtransfer.baselines.method import Method
    from tabtransfer.datasets.splits import Split
    from tabtransfer.pretrain.real_tables.real_table import RealTable

OPPONENTS = ("catboost", "random-forest")
CLASS_SHARES = "class-shares"
GREATER_IS_BETTER = {"roc_auc": True, "log_loss": False}
MAX_HALF = 600
SMALLEST_UNIT = 0.05
LOWEST, HIGHEST = -1.0, 2.0


def score_methods(
    tables: Sequence[RealTable],
    contenders: Sequence[Method],
    n_splits: int = 1,
    cache: ScoreCache | None = None,
    on_table: Callable[[], object] = lambda: None,
) -> pd.DataFrame:
    """Score contenders, the opponents and the class shares on seeded stratified 50/50 splits.

    Parameters
    ----------
    tables : sequence of RealTable
        Tables with classes as target; rows without one are left out, and of larger halves 600
        rows are drawn.
    contenders : sequence of Method
        What to judge; measured anew every time.
    n_splits : int, default=1
        Splits of each table; a split is the same however many there are.
    cache : ScoreCache, optional
        Where opponents' scores are kept, by table content, split and package versions.
    on_table : callable, optional
        Called after each table.

    Returns
    -------
    pandas.DataFrame
        One row for each table, split and method: ``table``, ``split``, ``method``, ``roc_auc``
        (one-vs-one) and ``log_loss`` (over ln(classes)).

    Raises
    ------
    TabTransferError
        If there are no tables, or one can't be split.
    """
    import pandas as pd

    from tabtransfer.environment import limit_threads

    if not tables:
        raise TabTransferError("no tables to validate on: give a corpus with classification tables")
    limit_threads(1)
    cache = cache or ScoreCache()
    rows: list[dict[str, Any]] = []
    for table in tables:
        rows += _score_table(table, contenders, n_splits, cache)
        on_table()
    return pd.DataFrame(rows)


def normalised_scores(
    scores: pd.DataFrame, metrics: Sequence[str] = tuple(GREATER_IS_BETTER)
) -> pd.DataFrame:
    """Scale scores so that class shares are 0 and the better opponent is 1.

    Parameters
    ----------
    scores : pandas.DataFrame
        From `score_methods`.
    metrics : sequence of str, optional
        Metrics to average; both if not given.

    Returns
    -------
    pandas.DataFrame, (n_tables, n_methods)
        Means over metrics and splits; a method's score is the mean of its column. Columns in
        the order of the methods.

    Examples
    --------
    >>> import pandas as pd
    >>> methods = ["ours", "catboost", "random-forest", "class-shares"]
    >>> scores = pd.DataFrame({"table": "toy", "split": 0, "method": methods,
    ...     "roc_auc": [0.8, 0.9, 0.7, 0.5], "log_loss": [0.8, 0.6, 0.7, 1.0]})
    >>> normalised_scores(scores).loc["toy"].round(3).to_dict()
    {'ours': 0.625, 'catboost': 1.0, 'random-forest': 0.625, 'class-shares': 0.0}
    """
    parts = []
    for metric in metrics:
        by_split = scores.pivot(index=["table", "split"], columns="method", values=metric)
        gains = by_split.sub(by_split[CLASS_SHARES], axis=0)
        gains = gains if GREATER_IS_BETTER[metric] else -gains
        unit = gains[list(OPPONENTS)].max(axis=1).clip(lower=SMALLEST_UNIT)
        parts.append(gains.div(unit, axis=0).clip(LOWEST, HIGHEST))
    mean = (sum(parts) / len(parts)).groupby(level="table", sort=False).mean()
    return mean[list(dict.fromkeys(scores["method"]))]


def summarise(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the mean scores, a row for each method.

    Parameters
    ----------
    scores : pandas.DataFrame
        From `score_methods`.

    Returns
    -------
    pandas.DataFrame
        Indexed by method: ``score`` with its 95 % bootstrap interval over tables (``low``,
        ``high``); for each metric its part of the score (``score_roc_auc``, …), its mean
        (``roc_auc``, …) and for each opponent the share of tables won, ties of at most 0.002
        counting half (``won_catboost_roc_auc``, …).
    """
    import pandas as pd

    from tabtransfer.gains import bootstrap_mean, gain

    normalised = normalised_scores(scores)
    summary = pd.DataFrame({"score": normalised.mean()})
    summary["low"], summary["high"] = bootstrap_mean(normalised.to_numpy(dtype=np.float64))
    for metric, greater in GREATER_IS_BETTER.items():
        summary[f"score_{metric}"] = normalised_scores(scores, [metric]).mean()
        means = scores.pivot_table(index="table", columns="method", values=metric)
        summary[metric] = means.mean()
        for base in OPPONENTS:
            for method in summary.index.drop(base):
                counts = gain(means if greater else -means, method, base)
                if counts is not None:
                    won = (counts.wins + counts.ties / 2) / counts.n_tables
                    summary.loc[method, f"won_{base}_{metric}"] = won
    return summary


def _score_table(
    table: RealTable, contenders: Sequence[Method], n_splits: int, cache: ScoreCache
) -> list[dict[str, Any]]:
    from tabtransfer.baselines.registry import get_method
    from tabtransfer.datasets.splits import stratified_splits
    from tabtransfer.environment import package_versions
    from tabtransfer.pretrain.real_tables.real_table import RealTable

    known = table.y.notna().to_numpy()
    table = RealTable(table.name, table.X[known], table.y[known].astype(str))
    try:
        splits = stratified_splits(
            table.y, n_splits=n_splits, max_train=MAX_HALF, max_test=MAX_HALF
        )
    except TabTransferError as error:
        raise TabTransferError(f"table {table.name!r}: {error}") from error
    rows = []
    for split in splits:
        measured = {method.name: _score_method(table, split, method) for method in contenders}
        for name in OPPONENTS:
            method = get_method(name)
            conditions = {
                "method": name,
                "table": table_digest(table),
                "split": split.index,
                "rows": len(split.train) + len(split.test),
                "versions": package_versions(method.packages),
            }
            found = cache.get(conditions)
            if found is None:
                found = _score_method(table, split, method)
                cache.put(conditions, found)
            measured[name] = found
        measured[CLASS_SHARES] = _score_class_shares(table, split)
        rows += [
            {"table": table.name, "split": split.index, "method": name, **found}
            for name, found in measured.items()
        ]
    return rows


def _score_method(table: RealTable, split: Split, method: Method) -> dict[str, float]:
    model = method.make_for("multiclass", 0, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(table.X.iloc[split.train], table.y.iloc[split.train])
        probabilities = model.predict_proba(table.X.iloc[split.test])
    return _score(probabilities, list(model.classes_), table.y.iloc[split.test])


def _score_class_shares(table: RealTable, split: Split) -> dict[str, float]:
    shares = table.y.iloc[split.train].value_counts(normalize=True).sort_index()
    rows = np.tile(shares.to_numpy(), (len(split.test), 1))
    return _score(rows, list(shares.index), table.y.iloc[split.test])


def _score(probabilities: np.ndarray, classes: list[str], y: pd.Series) -> dict[str, float]:
    # Every class of the query rows is among `classes`: each half has a row of every class.
    codes = {label: code for code, label in enumerate(classes)}
    labels = np.array([codes[label] for label in y])
    return {
        "roc_auc": one_vs_one_auc(probabilities, labels),
        "log_loss": relative_log_loss(probabilities, labels),
    }
