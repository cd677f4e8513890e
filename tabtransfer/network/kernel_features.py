"""The features by which kernels compare rows: all columns as centred numbers of equal weight.

Shapes: b tasks, r rows, n training rows, c columns, f features, l levels of all columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tabtransfer.network.cells import CellFeatures
from tabtransfer.tasks import TaskBatch

MAX_LEVELS = 32  # indicators of a categorical column; more levels share them
_RANK = 0.85  # scale of ranks in [-1, 1] beside standardised values


@dataclass(frozen=True)
class FeatureLayout:
    """Turn rows into features, of about unit variance for all columns together.

    A number gives its standardised value and its rank, a category an indicator of its level;
    both give their missing flag.

    Parameters
    ----------
    categorical : Tensor of bool, (b, c)
        True where the column holds category codes.
    n_columns : Tensor of int64, (b,)
        How many columns are real.
    indicators : Indicators or None
        Codes of categories; None without categorical columns.
    centre : Tensor, (b, 1, f)
        Mean of the training rows.
    """

    categorical: Tensor
    n_columns: Tensor
    indicators: Indicators | None
    centre: Tensor

    @classmethod
    def of(
        cls, batch: TaskBatch, cells: CellFeatures, shares: Tensor
    ) -> tuple[FeatureLayout, Tensor]:
        """Learn the layout; also return the features of the training rows.

        Parameters
        ----------
        batch : TaskBatch
            The tasks, of which the query rows are not read.
        cells : CellFeatures
            Of the training rows.
        shares : Tensor, (b, n, 1)
            Weights of the training rows, of sum 1.
        """
        values = batch.values[:, : batch.n_train]
        indicators = None
        if bool(batch.categorical.any()):
            places = torch.arange(values.shape[-1], device=values.device)
            real = batch.categorical & (places < batch.n_columns[:, None])
            present = ~batch.missing[:, : batch.n_train] & real[:, None]
            indicators = Indicators.of(values, present, real, shares)
        layout = cls(batch.categorical, batch.n_columns, indicators, shares.new_zeros(()))
        features = layout.features(values, cells)
        centre = (shares * features).sum(1, keepdim=True)
        layout = cls(batch.categorical, batch.n_columns, indicators, centre)
        return layout, features - centre

    def features(self, values: Tensor, cells: CellFeatures) -> Tensor:
        """Return the features (b, r, f) of rows whose values are (b, r, c)."""
        z, rank, _, missing, _ = cells.features.transpose(1, 2).unbind(-1)  # (b, r, c) each
        places = torch.arange(z.shape[-1], device=z.device) < self.n_columns[:, None]
        real = places[:, None].to(z.dtype)
        number = real * (1.0 - missing) * ~self.categorical[:, None]
        parts = [number * z, _RANK * number * rank, real * missing]
        if self.indicators is not None:
            parts.append(self.indicators.code(values, missing == 0.0))
        features = torch.cat(parts, -1) / self.n_columns.sqrt()[:, None, None]
        return features - self.centre


@dataclass(frozen=True)
class Indicators:
    """Code categories as indicators, of unit variance a column.

    Parameters
    ----------
    real : Tensor of bool, (b, c)
        Where there is a column of categories.
    n_levels : Tensor of int64, (c,)
        Levels of each column, of all tasks.
    size : Tensor, (b, 1, c)
        Of an indicator that is set.
    seen : Tensor of bool, (b, l)
        Levels that training rows have.
    """

    real: Tensor
    n_levels: Tensor
    size: Tensor
    seen: Tensor

    @classmethod
    def of(cls, values: Tensor, present: Tensor, real: Tensor, shares: Tensor) -> Indicators:
        """Learn from the values of training rows (b, n, c), where they are present."""
        codes = values.masked_fill(~present, 0.0).long()
        n_levels = codes.amax((0, 1)).clamp(max=MAX_LEVELS - 1) + 1
        index = _places(codes, n_levels).flatten(1)
        weight = shares * present
        frequency = shares.new_zeros(len(codes), int(n_levels.sum()))
        frequency.scatter_add_(1, index, weight.flatten(1))
        of_level = frequency.gather(1, index).view(codes.shape)
        variance = weight.sum(1, keepdim=True) - (weight * of_level).sum(1, keepdim=True)
        size = 1.0 / (variance.clamp(min=0.0).sqrt() + 1e-6)
        return cls(real, n_levels, size, frequency > 0.0)

    def code(self, values: Tensor, present: Tensor) -> Tensor:
        """Return the indicators (b, r, l) of values (b, r, c); 0 for levels not seen."""
        present = present & self.real[:, None]
        codes = values.masked_fill(~present, 0.0).long()
        present = present & ((codes < self.n_levels) | (self.n_levels == MAX_LEVELS))
        index = _places(codes, self.n_levels)
        seen = self.seen.gather(1, index.flatten(1)).view(index.shape)
        size = self.size * (present & seen)
        return size.new_zeros(*index.shape[:2], self.seen.shape[1]).scatter_(2, index, size)


def _places(codes: Tensor, n_levels: Tensor) -> Tensor:
    """Return the index of each code (b, r, c) among the levels of all columns."""
    return codes % n_levels + n_levels.cumsum(0) - n_levels
