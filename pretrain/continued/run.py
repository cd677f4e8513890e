"""Pretraining that goes on with a folder of people's own tables."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tabtransfer.checkpoint import SHIPPED, load_checkpoint, read_header
from tabtransfer.duration import read_minutes
from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing
from tabtransfer.inference.settings import TaskType
from tabtransfer.pretrain.continued.report import ContinuedPretraining
from tabtransfer.pretrain.plan.presets import Preset, get_preset
from tabtransfer.pretrain.real_tables.corpus import load_corpus
from tabtransfer.pretrain.real_tables.held_out import hold_out
from tabtransfer.pretrain.real_tables.real_table import RealTable
from tabtransfer.pretrain.real_tables.table_folder import OwnTable
from tabtransfer.pretrain.real_tables.training_tables import pack_own, read_own
from tabtransfer.pretrain.real_tables.unseen import split_off_seen
from tabtransfer.pretrain.training.recipe import Inputs
from tabtransfer.pretrain.training.run import FINAL_FILE, pretrain
from tabtransfer.pretrain.validation.before_after import TableTask, compare_checkpoints
from tabtransfer.pretrain.validation.network_scores import validation_tasks

__all__ = ["REPORT_FILE", "continue_pretraining", "gentle", "train_on_folder"]

REPORT_FILE = "report.md"
STANDARD_SUITE = "quickstart"
_MOST_TARGETS = 3  # of a held-out table
LEARNING_RATE = 0.1
"""Factor on the usual rates: the weights have been trained, and are to stay near what they are."""
WARMUP_STEPS = 10


def continue_pretraining(
    tables: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    max_time: str = "20m",
    init: str | os.PathLike[str] | None = None,
    validation: str | os.PathLike[str] | None = None,
    random_state: int = 0,
) -> ContinuedPretraining:
    """Train the weights on with a folder of own tables, and measure whether that helped.

    Each CSV, Parquet or Arrow file of the folder is a table; any of its columns may be predicted.
    Some tables are held out and measured with the weights before and after. Synthetic tables are
    mixed in, so that what the weights could before isn't forgotten.

    Parameters
    ----------
    tables : path-like
        The folder.
    out : path-like
        Folder of the run, for the weights (``final.safetensors``) and the report
        (``report.md``). A run that was stopped goes on when it is given again.
    max_time : str, default="20m"
        How long to train: 90s, 10m, 2h.
    init : path-like, optional
        Checkpoint to start from; the shipped one if not given.
    validation : path-like, optional
        Other tables to measure on, as a folder of Parquet files with the target last; tables of
        the ``quickstart`` suite, as far as they are installed, if not given.
    random_state : int, default=0
        Seed of the split and of training.

    Returns
    -------
    ContinuedPretraining
        Where the weights are, the losses before and after, and whether to use them.

    Raises
    ------
    TabTransferError
        If no tables can be read, or there are too few to hold one out.
    """
    preset = gentle(get_preset("cpu"))
    preset = replace(
        preset,
        recipe=replace(preset.recipe, seed=random_state),
        minutes=read_minutes(max_time),
        hardware=replace(preset.hardware, accelerator="auto"),
    )
    return train_on_folder(
        Path(out),
        preset,
        Inputs(
            SHIPPED if init is None else Path(init),
            Path(tables),
            None if validation is None else Path(validation),
        ),
    )


def gentle(preset: Preset) -> Preset:
    """Return a preset with the rates of weights that have been trained."""
    train = replace(preset.recipe.train, learning_rate=LEARNING_RATE, warmup_steps=WARMUP_STEPS)
    return replace(preset, recipe=replace(preset.recipe, train=train))


def train_on_folder(
    out: Path,
    preset: Preset,
    inputs: Inputs,
    say: Callable[[str], object] = lambda text: None,
    **options: Any,
) -> ContinuedPretraining:
    """Hold out tables of a folder, train on the others, and measure.

    Parameters
    ----------
    out : Path
        Folder of the run.
    preset : Preset
        Settings.
    inputs : Inputs
        With a checkpoint and a folder of tables.
    say : callable, optional
        Called with what is worth knowing, a sentence each.
    **options
        Further arguments of `tabtransfer.pretrain.training.run.pretrain`.

    Returns
    -------
    ContinuedPretraining

    Raises
    ------
    TabTransferError
        As `continue_pretraining` does.
    """
    if inputs.init is None or not isinstance(inputs.tables, Path):
        raise TabTransferError("Training goes on from a checkpoint, with a folder of tables.")
    if (out / REPORT_FILE).exists():
        raise TabTransferError(f"{out} holds a finished run; give another folder with --out.")
    tables, refused = read_own(inputs.tables, inputs.validation)
    for name, reason in refused.items():
        say(f"{name} isn't trained on: {reason}")
    kinds = load_checkpoint(inputs.init).config.tasks
    seen = read_header(inputs.init).get("tables", [])
    training, held_out = hold_out(tables, seen, preset.recipe.seed)
    say(
        f"{len(training)} tables are trained on; held out: "
        f"{', '.join(table.name for table in held_out)}."
    )
    asked = [task for task in _held_out_tasks(held_out) if task.task in kinds]
    if not (out / FINAL_FILE).exists():
        max_rows = preset.recipe.stream.max_rows
        watched = tuple(batch for task in asked for batch in _validation_task(task, max_rows))
        pretrain(
            out,
            60.0 * preset.minutes,
            preset.recipe,
            replace(inputs, tables=pack_own(training), watched=watched),
            preset.hardware,
            **options,
        )
    if not (out / FINAL_FILE).exists():  # another process of the run writes it
        raise TabTransferError(f"The run in {out} was stopped: give it again to go on.")
    others = [task for task in _other_tasks(inputs.validation) if task.task in kinds]
    others = _unseen(others, read_header(out / FINAL_FILE).get("tables", []))
    say(f"Measuring {len(asked)} held-out tasks and {len(others)} others, before and after.")
    report = ContinuedPretraining(
        out / FINAL_FILE,
        compare_checkpoints(asked, inputs.init, out / FINAL_FILE),
        compare_checkpoints(others, inputs.init, out / FINAL_FILE),
        len(training),
        refused,
    )
    with replacing(out / REPORT_FILE) as partial:
        partial.write_text(report.to_markdown(), encoding="utf-8")
    return report


def _held_out_tasks(tables: Sequence[OwnTable]) -> list[TableTask]:
    """Return each table with up to three targets, one at a time."""
    return [
        TableTask(table.without_copies(target), target.task)
        for table in tables
        for target in table.targets[:_MOST_TARGETS]
    ]


def _validation_task(task: TableTask, max_rows: int) -> Iterator[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield from validation_tasks([task.table], task.task, max_rows)
        except TabTransferError:  # it can't be split
            return


def _other_tasks(validation: Path | None) -> list[TableTask]:
    if validation is not None:
        kinds: tuple[TaskType, ...] = ("classification", "regression")
        return [TableTask(table, task) for task in kinds for table in load_corpus(validation, task)]
    from tabtransfer.datasets.suites import SUITES, load_table

    tasks = []
    for name in SUITES[STANDARD_SUITE]:
        try:
            table = load_table(name)
        except TabTransferError:  # its package isn't installed
            continue
        is_number = table.metadata.task == "regression"
        kind: TaskType = "regression" if is_number else "classification"
        tasks.append(TableTask(RealTable(name, table.X, table.y), kind))
    return tasks


def _unseen(tasks: Sequence[TableTask], seen: Sequence[dict[str, Any]]) -> list[TableTask]:
    kept = {id(table) for table in split_off_seen([task.table for task in tasks], seen)[0]}
    return [task for task in tasks if id(task.table) in kept]
