"""Networks that tests share: small and random, for what does not depend on having learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.checkpoint import save_checkpoint
from tabtransfer.inference import fitting
from tabtransfer.learners.choice import choose_learners
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--device``, to run the tests of the estimators on another device than "auto"."""
    parser.addoption("--device", help="the default of estimators' device in these tests")


def pytest_configure(config: pytest.Config) -> None:
    """Make the device of ``--device`` the estimators' default."""
    if config.getoption("device") is not None:
        for estimator in (TabTransferClassifier, TabTransferRegressor):
            estimator.__init__.__kwdefaults__["device"] = config.getoption("device")


@pytest.fixture(autouse=True)
def few_trees(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let estimators grow few trees, unless a test is marked ``all_trees``: they take time."""
    if request.node.get_closest_marker("all_trees") is None:
        monkeypatch.setattr(fitting, "choose_learners", _choose_few)


def _choose_few(*size: Any) -> Any:
    chosen = choose_learners(*size)
    if chosen is None:
        return None
    forest, boosting, kernel = chosen
    return replace(forest, n_trees=4), boosting and replace(boosting, n_trees=10), kernel


@pytest.fixture(scope="session")
def make_network() -> Callable[..., TabularTransformer]:
    """Make small networks whose answers depend on all of their input."""

    def make(
        seed: int = 0, max_classes: int = 10, tasks: tuple[str, ...] = ("classification",)
    ) -> TabularTransformer:
        torch.manual_seed(seed)
        network = TabularTransformer(
            NetworkConfig(context_layers=2, row_layers=2, max_classes=max_classes, tasks=tasks)
        )
        for parameter in network.parameters():
            if parameter.dim() > 1:  # fresh networks have zeros on their residual branches
                torch.nn.init.normal_(parameter, std=0.2)
        return network.eval().requires_grad_(False)

    return make


@pytest.fixture(scope="session")
def small_checkpoint(
    make_network: Callable[..., TabularTransformer], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Save such a network as a checkpoint."""
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_checkpoint(path, make_network(), {})
    return path


@pytest.fixture(scope="session")
def regression_checkpoint(
    make_network: Callable[..., TabularTransformer], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Save a network that predicts classes and numbers."""
    path = tmp_path_factory.mktemp("weights") / "both.safetensors"
    save_checkpoint(path, make_network(tasks=("classification", "regression")), {})
    return path
