"""Files of hyperparameter searches, so that a killed job resumes its search."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tabtransfer.bench.protocol import Job
from tabtransfer.bench.results import OK

# With the job's own fields, what makes its search another one.
_FACTS = ("table_hash", "versions")


class Studies:
    """The files of jobs' searches, in the folder ``studies`` beside the results.

    A file is removed once its job went well: measured again, the job has to search again. That of
    a job that failed, or ran into a limit, is kept for when the job is tried again.

    Parameters
    ----------
    results : Path
        The results Parquet.
    """

    def __init__(self, results: Path) -> None:
        self._name = results.name
        self._folder = results.absolute().parent / "studies"

    def path(self, row: Mapping[str, Any]) -> Path:
        """Return a job's file, by its table, split, method, sizes, seeds, threads and versions.

        Parameters
        ----------
        row : mapping
            The job's row of results, or as much of it as is known before the job.
        """
        key = [self._name, *(row[name] for name in (*Job.__dataclass_fields__, *_FACTS))]
        digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()
        return self._folder / f"{digest[:16]}.journal"

    def drop(self, row: Mapping[str, Any]) -> None:
        """Remove the file of a job that went well, and the folder with the last one."""
        if row["status"] == OK and self._folder.exists():
            path = self.path(row)
            path.unlink(missing_ok=True)
            Path(f"{path}.lock").unlink(missing_ok=True)
            with suppress(OSError):  # it isn't empty
                self._folder.rmdir()
