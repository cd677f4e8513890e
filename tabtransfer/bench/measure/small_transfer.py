"""What related rows are worth to a small table: a table split by a column, one group the new table.

Four ways are compared on the rows of the new table that aren't learned from: CatBoost on its rows
alone; the network with its rows alone in context; with the related rows in context as well; and
with its rows in context, after the network's weights were adapted to the related rows.

A loss is that of guessing by the new rows at 1: of classes the log loss, of numbers the root of the
mean squared error.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabtransfer.checkpoint import save_checkpoint
from tabtransfer.errors import TabTransferError
from tabtransfer.estimators.classifier import TabTransferClassifier
from tabtransfer.estimators.regressor import TabTransferRegressor
from tabtransfer.finetune.config import FinetuneConfig

__all__ = ["METHODS", "SmallTransfer", "largest_groups"]

METHODS = ("from scratch", "in-context", "related rows in context", "fine-tuned on related rows")
_FEWEST_TESTED = 50
_MOST_TESTED = 500
_LEAST = 1e-7  # probability


def largest_groups(by: pd.Series, fewest: int, most: int) -> list[Any]:
    """Return the groups of a column that have enough rows to learn from and to test.

    Parameters
    ----------
    by : pandas.Series
        The column.
    fewest : int
        Rows to learn from, at least.
    most : int
        Groups, at most; the largest.

    Raises
    ------
    TabTransferError
        If fewer than two groups are large enough.

    Examples
    --------
    >>> import pandas as pd
    >>> largest_groups(pd.Series(["a"] * 90 + ["b"] * 70 + ["c"] * 20), 16, 8)
    ['a', 'b']
    """
    counts = by.value_counts()
    groups = counts.index[counts >= fewest + _FEWEST_TESTED][:most].tolist()
    if len(groups) < 2:
        raise TabTransferError(
            f"{by.name!r} has {len(groups)} groups of {fewest + _FEWEST_TESTED} rows and more: "
            "give another column with --by, or fewer --rows."
        )
    return groups


@dataclass(frozen=True, eq=False)
class SmallTransfer:
    """A table, whose groups are new tables in turn.

    Parameters
    ----------
    X : DataFrame
        The rows; the column of groups among them, which nothing learns from.
    y : Series
        Their targets.
    by : str
        The column of groups.
    task : {"classification", "regression"}
        What the target is.
    options : dict
        Further parameters of the estimators.
    most_related : int
        Related rows that are drawn.
    tuning_steps : int
        Steps of tuning on them; 0: they aren't tuned on.
    seed : int
        Seed of the rows drawn, and of all methods.
    """

    X: pd.DataFrame
    y: pd.Series
    by: str
    task: str
    options: dict[str, Any]
    most_related: int = 1000
    tuning_steps: int = 60
    seed: int = 0

    def measure(self, group: Any, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
        """Measure all methods with a group as the new table.

        Parameters
        ----------
        group : object
            Value of the column of groups.
        sizes : sequence of int
            Rows of the new table to learn from; larger ones hold the smaller ones, and sizes that
            leave fewer than 50 rows to test are left out.

        Yields
        ------
        dict
            ``group``, ``rows``, ``method`` and ``loss``, for each size and method.
        """
        rng = np.random.default_rng(self.seed)
        own = (self.X[self.by] == group).to_numpy()
        new, related = rng.permutation(np.flatnonzero(own)), np.flatnonzero(~own)
        related = np.sort(rng.permutation(related)[: self.most_related])
        sizes = [size for size in sizes if size + _FEWEST_TESTED <= len(new)]
        if not sizes:
            return
        tested = new[max(sizes) :][:_MOST_TESTED]
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tuned = None
            if self.tuning_steps:
                tuned = self._tune(related, Path(folder) / "tuned.safetensors")
            for size in sizes:
                for method, loss in self._losses(new[:size], related, tested, tuned):
                    yield {"group": group, "rows": size, "method": method, "loss": loss}

    def _losses(
        self,
        new: NDArray[np.int64],
        related: NDArray[np.int64],
        tested: NDArray[np.int64],
        tuned: Path | None,
    ) -> Iterator[tuple[str, float]]:
        from tabtransfer.baselines.registry import get_method

        known = self.y.iloc[new]
        if known.nunique() < 2:
            return
        tested = tested[self._can_be_known(tested, known)]
        kind = "regression" if self.task == "regression" else "multiclass"
        scratch = get_method("catboost").make_for(kind, self.seed, self.options.get("n_threads", 1))
        alone = self.X.drop(columns=self.by)
        yield METHODS[0], self._loss(scratch, alone, new, tested, known)
        yield METHODS[1], self._loss(self._estimator(), alone, new, tested, known)
        beside = alone.iloc[related], self.y.iloc[related]
        yield (
            METHODS[2],
            self._loss(self._estimator(), alone, new, tested, known, related=beside),
        )
        if self.tuning_steps:
            adapted = self._estimator() if tuned is None else self._estimator(checkpoint=tuned)
            yield METHODS[3], self._loss(adapted, alone, new, tested, known)

    def _can_be_known(self, tested: NDArray[np.int64], known: pd.Series) -> NDArray[np.bool_]:
        """Return which rows have a target that can be predicted from those known."""
        if self.task == "regression":
            return np.ones(len(tested), bool)
        return self.y.iloc[tested].isin(known.unique()).to_numpy()

    def _estimator(self, **more: Any) -> Any:
        kind = TabTransferRegressor if self.task == "regression" else TabTransferClassifier
        return kind(random_state=self.seed, **{**self.options, **more})

    def _tune(self, related: NDArray[np.int64], path: Path) -> Path | None:
        """Adapt the weights to the related rows; None where those before are better."""
        # Episodes of 256 rows are as large as the new tables.
        config = FinetuneConfig(children=1, max_steps=self.tuning_steps, episode_rows=256)
        model = self._estimator(finetune=config, time_limit=None)
        model.fit(self.X.iloc[related].drop(columns=self.by), self.y.iloc[related])
        if model.finetuning_.chosen == "base":
            return None
        save_checkpoint(path, model.network_, {})
        return path

    def _loss(
        self,
        model: Any,
        X: pd.DataFrame,
        learned: NDArray[np.int64],
        tested: NDArray[np.int64],
        known: pd.Series,
        **beside: Any,
    ) -> float:
        """Fit, predict, and return the loss over that of guessing."""
        model.fit(X.iloc[learned], self.y.iloc[learned], **beside)
        truth = self.y.iloc[tested]
        if self.task == "regression":
            errors = truth.to_numpy() - np.asarray(model.predict(X.iloc[tested]))
            guessing = truth.to_numpy() - known.mean()
            return float(np.sqrt(np.mean(errors**2) / np.mean(guessing**2)))
        classes = list(model.classes_)
        probabilities = model.predict_proba(X.iloc[tested])
        places = [classes.index(label) for label in truth]
        likely = probabilities[np.arange(len(truth)), places].clip(_LEAST)
        shares = truth.map(known.value_counts(normalize=True)).astype(float)
        return float(np.log(likely).mean() / np.log(shares).mean())
