"""A network's score is that of its probabilities, and scoring leaves the network as it was."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_wine
from torch import Tensor

from tabtransfer.errors import TabTransferError
from tabtransfer.network import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.corpus import RealTable
from tabtransfer.pretrain.validation import validation_score, validation_tasks
from tabtransfer.tasks import TaskBatch


class Knowing(TabularTransformer):
    """A network that reads the query labels: its score is known."""

    def forward(self, batch: TaskBatch) -> Tensor:
        """Give the true class a logit of 20."""
        labels = batch.labels[:, batch.n_train :]
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


def test_context_query_and_classes_are_capped():
    (task,) = validation_tasks([large_table()])
    assert (task.n_train, task.labels.shape[1]) == (500, 1000)
    assert int(task.n_classes[0]) == 10


def test_no_tables_are_refused():
    with pytest.raises(TabTransferError, match="no tables"):
        validation_score(TabularTransformer(NetworkConfig()), [])
