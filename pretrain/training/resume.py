"""Resume a stopped run: read its state, and check that its settings are the same."""

from __future__ import annotations

import csv
import math
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing

__all__ = ["cut_curve", "read_state"]

# Settings that states of earlier versions don't name, and what those versions did.
_LATER = {"stream.shapes": 0, "stream.chosen_share": 0.0, "prior.categorical": 0.0}


def read_state(path: Path, network: torch.nn.Module, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Read what a stopped run saved, and check that it can go on.

    Parameters
    ----------
    path : Path
        The run's ``resume.ckpt``.
    network : Module
        The network that is to be trained on.
    settings : mapping
        The settings that are to be trained with; they must be those of the run.

    Returns
    -------
    dict
        Steps and tasks so far.

    Raises
    ------
    TabTransferError
        If the file is damaged, or the run has other settings.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        progress, clock = state["tabtransfer"], state["callbacks"]["Clock"]
        _refuse_other_settings(path.parent, progress.get("settings", settings), settings)
        _check_progress(progress, clock)
        saved = {
            name.removeprefix("network."): tensor.shape
            for name, tensor in state["state_dict"].items()
        }
        if saved != {name: tensor.shape for name, tensor in network.state_dict().items()}:
            raise ValueError("its weights are not those of the network")
    except TabTransferError:
        raise
    except (
        *(AttributeError, EOFError, KeyError, OSError, RuntimeError, TypeError, ValueError),
        pickle.UnpicklingError,
    ) as error:
        reason = str(error).strip().partition("\n")[0]
        raise TabTransferError(
            f"{path} is damaged ({reason}): delete it to train from the start, or give another "
            "folder with --out."
        ) from error
    return progress


def _check_progress(progress: Mapping[str, Any], clock: Mapping[str, Any]) -> None:
    if not (math.isfinite(clock["seconds"]) and clock["seconds"] >= 0):
        raise ValueError(f"{clock['seconds']} seconds of training")
    for name in ("steps", "tasks_seen"):
        if not isinstance(progress[name], int) or progress[name] < 0:
            raise ValueError(f"{name} is {progress[name]!r}")


def _refuse_other_settings(folder: Path, was: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    before, now = ({**_LATER, **dict(_flat(settings))} for settings in (was, wanted))
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if names:
        changes = "; ".join(f"{name} {before.get(name)}, not {now.get(name)}" for name in names)
        raise TabTransferError(
            f"{folder} holds a stopped run with other settings: {changes}. Give the settings of "
            "that run to go on with it, or another folder with --out for a new run."
        )


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def cut_curve(path: Path, steps: int) -> None:
    """Drop the rows of a training curve beyond a step: training repeats them.

    Parameters
    ----------
    path : Path
        The run's ``curve.csv``; nothing happens if there is none.
    steps : int
        The step that training goes on from.
    """
    if not path.exists():
        return
    with path.open(newline="") as file:
        head, *rows = list(csv.reader(file)) or [[]]
    place = head.index("steps") if "steps" in head else 0
    whole = [row for row in rows if len(row) == len(head)]  # a kill may have cut the last one
    with replacing(path) as partial, partial.open("w", newline="") as file:
        csv.writer(file).writerows([head, *(row for row in whole if int(row[place]) <= steps)])
