"""A network's score is that of its probabilities, and scoring leaves the network as it was."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_diabetes, load_wine
from torch import Tensor

from tabtransfer.errors import TabTransferError
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.real_tables.real_table import RealTable
from tabtransfer.pretrain.validation.network_scores import validation_score, validation_tasks
from tabtransfer.tasks import TaskBatch


class Knowing(TabularTransformer):
    """A network that reads the query labels: its score is known."""

    def forward(self, batch: TaskBatch) -> Tensor:
        """Predict a logit of 20 for the true class, or the true number as every quantile."""
        labels = batch.labels[:, batch.n_train :]
        if batch.is_regression:
            return labels[..., None].expand(-1, -1, self.config.n_quantiles)
        return 20.0 * torch.nn.functional.one_hot(labels, self.config.max_classes)


@pytest.fixture(scope="module")
def wine() -> RealTable:
    X, y = load_wine(return_X_y=True, as_frame=True)
    return RealTable("wine", X, y)


def large_table() -> RealTable:
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(1500, 3)), columns=list("abc"))
    return RealTable("large", frame, pd.Series(generator.integers(0, 13, 1500)))


def test_true_labels_score_perfectly(wine):
    scores = validation_score(Knowing(NetworkConfig()), validation_tasks([wine]))
    assert scores["roc_auc"] == 1.0
    assert scores["log_loss"] < 1e-6


def test_untrained_network_is_near_guessing_and_stays_in_its_mode(wine):
    torch.manual_seed(0)
    network = TabularTransformer(NetworkConfig()).train()
    tasks = validation_tasks([wine])
    scores = validation_score(network, tasks)
    assert 0.8 < scores["log_loss"] < 1.5
    assert scores == validation_score(network, tasks)
    assert network.training
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.parametrize("max_rows, n_rows", [(800, 1000), (1200, 1200), (4000, 1500)])
def test_rows_and_classes_are_capped(max_rows, n_rows):
    table = large_table()
    known = table.y.isin(table.y.value_counts().index[:10]).sum()
    (task,) = validation_tasks([table], max_rows=max_rows)
    n_rows = min(n_rows, known)
    assert task.labels.shape[1] == n_rows and abs(task.n_train - n_rows / 2) < 1
    assert int(task.n_classes[0]) == 10


def test_no_tables_are_refused():
    with pytest.raises(TabTransferError, match="no tables"):
        validation_score(TabularTransformer(NetworkConfig()), [])


class TestNumbers:
    @pytest.fixture
    def diabetes(self):
        X, y = load_diabetes(return_X_y=True, as_frame=True)
        return RealTable("diabetes", X.assign(text="a"), y.where(y > 40))

    def test_targets_are_standardised_by_the_training_half(self, diabetes):
        (task,) = validation_tasks([diabetes], "regression")
        n_known = int((diabetes.y > 40).sum())
        assert (task.n_train, task.labels.shape[1]) == (n_known // 2, n_known)
        train = task.labels[0, : task.n_train]
        assert train.mean().item() == pytest.approx(0.0, abs=1e-6)
        assert train.square().mean().item() == pytest.approx(1.0)
        assert task.categorical[0].tolist() == [False] * 10 + [True]

    @pytest.mark.slow
    def test_both_kinds_are_scored_apart(self, diabetes, wine):
        numbers, classes = validation_tasks([diabetes], "regression"), validation_tasks([wine])
        network = Knowing(NetworkConfig(tasks=("classification", "regression")))
        assert validation_score(network, numbers) == {"r2": 1.0}
        both = validation_score(network, classes + numbers)
        assert list(both) == ["roc_auc", "log_loss", "r2"]
        assert both == validation_score(network, classes) | {"r2": 1.0}

    def test_an_untrained_network_explains_little(self, diabetes):
        torch.manual_seed(0)
        network = TabularTransformer(NetworkConfig(tasks=("regression",)))
        scores = validation_score(network, validation_tasks([diabetes], "regression"))
        assert -1.0 <= scores["r2"] < 0.3

    def test_equal_targets_are_refused(self):
        table = RealTable("flat", pd.DataFrame({"a": range(8)}), pd.Series([1.0] * 8))
        with pytest.raises(TabTransferError, match=r"'flat' has 8 rows.*no two different"):
            validation_tasks([table], "regression")
