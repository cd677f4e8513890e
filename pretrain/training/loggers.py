"""Lightning's loggers, by name."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tabtransfer.errors import TabTransferError

if TYPE_CHECKING:
    from pytorch_lightning.loggers import Logger

__all__ = ["LOGGERS", "make_logger"]

LOGGERS: dict[str, tuple[str, ...]] = {
    "csv": (),
    "tensorboard": ("tensorboard", "tensorboardX"),
    "wandb": ("wandb",),
}
"""Names of loggers, with the packages of which each needs one."""


def make_logger(name: str, folder: Path) -> Logger:
    """Return a logger that writes to a folder.

    Parameters
    ----------
    name : {"csv", "tensorboard", "wandb"}
        Which one.
    folder : Path
        The run's folder; logs go to ``logs`` in it.

    Returns
    -------
    pytorch_lightning.loggers.Logger

    Raises
    ------
    TabTransferError
        If there is no such logger, or its package isn't installed.

    Examples
    --------
    >>> make_logger("paper", Path("run"))
    Traceback (most recent call last):
    tabtransfer.errors.TabTransferError: There is no logger 'paper': use csv, tensorboard or wandb.
    """
    if name not in LOGGERS:
        raise TabTransferError(f"There is no logger {name!r}: use csv, tensorboard or wandb.")
    needed = LOGGERS[name]
    if needed and not any(find_spec(package) for package in needed):
        raise TabTransferError(
            f"The logger {name!r} needs a package that isn't installed: pip install {needed[0]}"
        )
    from pytorch_lightning import loggers

    if name == "wandb":
        return loggers.WandbLogger(save_dir=folder, project="tabtransfer")
    kind = loggers.CSVLogger if name == "csv" else loggers.TensorBoardLogger
    return kind(folder, name="logs")
