"""What a run starts from: its network, tables and validation tasks, read and checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from tabtransfer.checkpoint import checkpoint_sha256, load_checkpoint, read_header
from tabtransfer.errors import TabTransferError
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.pretrain.real_tables.corpus import load_corpus
from tabtransfer.pretrain.real_tables.packed_tables import PackedTables
from tabtransfer.pretrain.real_tables.real_tasks import RealTasks
from tabtransfer.pretrain.real_tables.training_tables import read_tables
from tabtransfer.pretrain.real_tables.unseen import split_off_seen
from tabtransfer.pretrain.training.recipe import Inputs, Recipe
from tabtransfer.pretrain.training.stream import TaskStream
from tabtransfer.pretrain.validation.network_scores import validation_tasks
from tabtransfer.tasks import TaskBatch

SYNTHETIC_VALIDATION_SEED = 2**31
N_SYNTHETIC_VALIDATION = 32
OWN_LICENCE = "not stated: whoever trained these weights decides"
"""Licence of weights that start from none; others keep that of the weights they start from."""


@dataclass(frozen=True)
class Start:
    """What a run starts from.

    Parameters
    ----------
    recipe : Recipe
        Settings, with the sizes of the network that is trained.
    network : TabularTransformer
        The network with its first weights.
    real : PackedTables or None
        Real tables to train on.
    validation : list of TaskBatch
        Tasks that training is watched on.
    validated_on : str
        What these are, in words.
    origin : dict
        Header of the checkpoint that the weights come from; empty where they are random.
    settings : dict
        All that a resumed run must have in common with the one that was stopped.
    """

    recipe: Recipe
    network: TabularTransformer
    real: PackedTables | None
    validation: list[TaskBatch]
    validated_on: str
    origin: dict[str, Any]
    settings: dict[str, Any]

    @classmethod
    def of(cls, recipe: Recipe, inputs: Inputs) -> Start:
        """Read the inputs.

        Raises
        ------
        TabTransferError
            An input can't be read, or all validation tables were trained on.
        """
        origin = {} if inputs.init is None else read_header(inputs.init)
        network = _first_network(recipe, inputs.init)
        recipe = replace(recipe, network=network.config)
        if "regression" not in network.config.tasks:
            recipe = replace(recipe, prior=replace(recipe.prior, regression=0.0))
        if inputs.watched:
            validation = list(inputs.watched)
            validated_on = f"{len(validation)} tasks of tables held out from training"
        elif inputs.validation is None:
            validation, validated_on = _synthetic_validation(recipe)
        else:
            validation, validated_on = _real_validation(
                inputs.validation, recipe, origin.get("tables", [])
            )
        real = inputs.tables
        if isinstance(real, Path):
            real = read_tables(real, inputs.validation)
        settings = {
            **asdict(recipe),
            "init": None if inputs.init is None else checkpoint_sha256(inputs.init),
            "tables": None if real is None else [one["fingerprint"] for one in real.provenance],
            "validation": validated_on,
        }
        return cls(recipe, network, real, validation, validated_on, origin, settings)

    @property
    def stream(self) -> TaskStream:
        """The tasks to train on."""
        real = None if self.real is None else RealTasks(self.real.tables)
        return TaskStream(self.recipe.prior, self.recipe.stream, self.recipe.seed, real)

    @property
    def licence(self) -> str:
        """Licence of the weights."""
        return self.origin.get("licence", OWN_LICENCE)

    @property
    def history(self) -> list[dict[str, Any]]:
        """The runs behind the first weights, the last one last."""
        if self.settings["init"] is None:
            return []
        runs = [*self.origin.get("history", []), self.origin.get("training", {})]
        return [run for run in runs if run]

    @property
    def trained_tables(self) -> list[dict[str, Any]]:
        """All real tables that the network will have seen, in this run and those before."""
        before = self.origin.get("tables", [])
        if self.real is None:
            return before
        known = {table["fingerprint"]: table for table in (*before, *self.real.provenance)}
        return list(known.values())


def _first_network(recipe: Recipe, init: Path | None) -> TabularTransformer:
    torch.manual_seed(recipe.seed)
    if init is None:
        return TabularTransformer(recipe.network)
    start = load_checkpoint(init)
    network = TabularTransformer(start.config)
    network.load_state_dict(start.state_dict())
    return network


def _synthetic_validation(recipe: Recipe) -> tuple[list[TaskBatch], str]:
    one_task = replace(recipe.stream, min_tasks=1, max_tasks=1, shapes=0)
    stream = TaskStream(recipe.prior, one_task, seed=SYNTHETIC_VALIDATION_SEED)
    tasks = [stream.batch(step) for step in range(N_SYNTHETIC_VALIDATION)]
    telling = [task for task in tasks if task.is_regression or int(task.n_classes) > 1]
    return telling, f"{len(telling)} synthetic tasks that training never saw"


def _real_validation(
    path: Path, recipe: Recipe, trained_tables: list[dict[str, Any]]
) -> tuple[list[TaskBatch], str]:
    tables, seen = split_off_seen(load_corpus(path), trained_tables)
    tasks = validation_tasks(tables, max_rows=recipe.stream.max_rows)
    if "regression" in recipe.network.tasks:
        numeric, seen_numeric = split_off_seen(load_corpus(path, "regression"), trained_tables)
        tasks += validation_tasks(numeric, "regression", recipe.stream.max_rows)
        tables, seen = tables + numeric, seen | seen_numeric
    if not tables:
        raise TabTransferError(
            f"the weights to start from were trained on every table of {path}: "
            f"{'; '.join(seen.values())}. Give other tables with --validation."
        )
    described = f"{len(tables)} real tables: {', '.join(sorted(t.name for t in tables))}"
    if seen:
        described += f" (left out, as trained on before: {', '.join(sorted(seen))})"
    return tasks, described
