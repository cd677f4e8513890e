"""The trials of one search, kept by Optuna in memory or in a file, and taken up again."""

from __future__ import annotations

import hashlib
import io
import json
import time
import warnings
from collections.abc import Sequence
from importlib import metadata
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing

if TYPE_CHECKING:
    import optuna
    import pandas as pd

__all__ = ["TrialLog", "name_study"]


class TrialLog:
    """Draw settings from Optuna's TPE sampler and record how good they are.

    The sampler (Bergstra et al. 2011) is seeded afresh for each trial by the number of trials
    before it, so a search that was killed and taken up again draws what it would have drawn.

    Parameters
    ----------
    path : path-like or None
        Journal file; None keeps the trials in memory. One process may write it at a time.
    name : str
        Name of the study in the file.
    seed : int
        Seed of the sampler.

    Examples
    --------
    >>> log = TrialLog(None, "demo", seed=0)
    >>> for _ in range(2):
    ...     trial = log.start()
    ...     log.finish(trial, error=trial.suggest_float("C", 0.0, 1.0))
    >>> log.n_tried, log.best().value == min(log.errors)
    (2, True)
    """

    def __init__(self, path: str | Path | None, name: str, seed: int) -> None:
        self._study = _open_study(None if path is None else Path(path), name)
        self._seed = seed
        self._started: dict[int, float] = {}  # by the number of a running trial
        for trial in self._study.get_trials(deepcopy=False):
            if not trial.state.is_finished():  # the process was killed
                self._study.tell(trial.number, state=_states().FAIL)

    @property
    def n_tried(self) -> int:
        """Trials that ended, well or not; those that a kill interrupted don't count."""
        return len(self._tried())

    @property
    def seconds_spent(self) -> float:
        """Seconds that those trials took."""
        return float(sum(trial.user_attrs.get("seconds", 0.0) for trial in self._tried()))

    @property
    def errors(self) -> list[float]:
        """Errors of the trials that went well, in their order."""
        return [trial.value for trial in self._tried() if trial.value is not None]

    def start(self) -> optuna.Trial:
        """Begin a trial; its user attribute ``index`` counts the trials before it."""
        from optuna.samplers import TPESampler

        index = self.n_tried
        state = np.random.SeedSequence([self._seed, index]).generate_state(1)
        self._study.sampler = TPESampler(seed=int(state[0]))
        trial = self._study.ask()
        trial.set_user_attr("index", index)
        self._started[trial.number] = time.monotonic()
        return trial

    def finish(self, trial: optuna.Trial, error: float) -> None:
        """Record the error of a trial's settings."""
        self._stop(trial)
        self._study.tell(trial, error)

    def end(self, trial: optuna.Trial, reason: str) -> None:
        """Record that a trial failed, and why."""
        self._stop(trial)
        trial.set_user_attr("reason", reason)
        self._study.tell(trial, state=_states().FAIL)

    def _stop(self, trial: optuna.Trial) -> None:
        """Record the seconds that a trial took; Optuna's own are off when the clock is set."""
        seconds = time.monotonic() - self._started.pop(trial.number)
        trial.set_user_attr("seconds", seconds)

    def best(self) -> optuna.trial.FrozenTrial | None:
        """Return the trial of least error, the earliest of equals; None where none went well."""
        valued = [(trial.value, trial) for trial in self._tried() if trial.value is not None]
        return min(valued, key=itemgetter(0))[1] if valued else None

    def _tried(self) -> list[optuna.trial.FrozenTrial]:
        return [
            trial
            for trial in self._study.get_trials(deepcopy=False)
            if trial.state == _states().COMPLETE or "reason" in trial.user_attrs
        ]


def name_study(frame: pd.DataFrame, y: np.ndarray, packages: Sequence[str], *parts: Any) -> str:
    """Return the name of a study, another one for another table, version or setting.

    Parameters
    ----------
    frame : pandas.DataFrame of shape (n_rows, n_features)
        Training input.
    y : ndarray of shape (n_rows,)
        Target.
    packages : sequence of str
        Distributions whose versions matter.
    *parts : object
        What else tells studies apart; the first one starts the name.

    Returns
    -------
    str
        The first part, and a digest of all.

    Examples
    --------
    >>> import pandas as pd
    >>> name_study(pd.DataFrame({"x": [1, 2]}), np.array([0, 1]), [], "linear").split("-")[0]
    'linear'
    """
    import pandas as pd

    versions = [(package, metadata.version(package)) for package in packages]
    names = [(str(name), str(dtype)) for name, dtype in frame.dtypes.items()]
    digest = hashlib.sha256(repr((versions, names, parts)).encode())
    for values in (frame, pd.Series(y)):
        digest.update(pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes())
    return f"{parts[0]}-{digest.hexdigest()[:16]}"


def _states() -> type[optuna.trial.TrialState]:
    from optuna.trial import TrialState

    return TrialState


def _open_study(path: Path | None, name: str) -> optuna.Study:
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(
            storage=None if path is None else _open_journal(path),
            study_name=name,
            load_if_exists=True,
        )
    finally:
        optuna.logging.set_verbosity(level)


def _open_journal(path: Path) -> optuna.storages.JournalStorage:
    """Open a journal as a killed process left it: with its lock, or a line half written.

    Of a damaged one, the lines before the damage are kept: later ones count trials that it lost.
    """
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    path.parent.mkdir(parents=True, exist_ok=True)
    Path(f"{path}.lock").unlink(missing_ok=True)
    if path.exists():
        written = path.read_bytes()
        whole = written[: written.rfind(b"\n") + 1]
        sound = _sound_lines(whole)
        if whole and not sound:
            raise _no_journal(path, "its first line is none")
        if sound != whole:
            n_kept = sound.count(b"\n")
            n_dropped = whole.count(b"\n") - n_kept
            warnings.warn(
                f"{path}: line {n_kept + 1} is damaged, so the search goes on from the {n_kept} "
                f"lines before it; {n_dropped} are dropped.",
                stacklevel=6,
            )
        if sound != written:
            with replacing(path) as partial:
                partial.write_bytes(sound)
    try:
        return JournalStorage(JournalFileBackend(str(path)))
    # Lines that Optuna reads and can't follow.
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, AssertionError) as error:
        raise _no_journal(path, f"{type(error).__name__}: {error}") from error


def _sound_lines(written: bytes) -> bytes:
    """Return the lines before the first that is no operation of a journal."""
    place = 0
    for line in io.BytesIO(written):
        try:
            operation = json.loads(line)
        except (ValueError, RecursionError):
            break
        if not isinstance(operation, dict) or type(operation.get("op_code")) is not int:
            break
        place += len(line)
    return written[:place]


def _no_journal(path: Path, reason: str) -> TabTransferError:
    return TabTransferError(
        f"{path} can't be read as a journal of trials ({reason}): remove it, or give another "
        "study_path."
    )
