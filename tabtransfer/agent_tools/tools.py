"""What an agent can do with the tables of a workspace."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, Literal

import pandas as pd
import pyarrow as pa
from pydantic import Field

from tabtransfer.agent_tools.workspace import MODEL_SUFFIX, Workspace
from tabtransfer.batch_prediction.engines import score_here
from tabtransfer.batch_prediction.scorer import Scorer
from tabtransfer.batch_prediction.writer import table_writer
from tabtransfer.errors import ColumnWarning, TabTransferError
from tabtransfer.estimators.classifier import TabTransferClassifier
from tabtransfer.estimators.loading import load
from tabtransfer.estimators.regressor import TabTransferRegressor
from tabtransfer.table_files.reader import Source, read_part
from tabtransfer.table_files.training_table import TrainingTable, read_training_table
from tabtransfer.table_files.whole_table import read_columns, to_typed_frame

__all__ = ["Tools"]

Task = Literal["auto", "classification", "regression"]
_SHOWN = 5


class Tools:
    """The tools, of which one works at a time.

    Their docstrings are what the agent reads. All take names of files in the workspace and return
    what JSON can hold.

    Parameters
    ----------
    workspace : Workspace
        Where tables are and results go.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()

    def list_files(self) -> dict[str, list[str]]:
        """List the table files and the saved models that the other tools can read."""
        return {"tables": self._workspace.tables(), "models": self._workspace.models()}

    def describe(self, table: str, target: str | None = None) -> dict[str, Any]:
        """Describe a table: rows, columns, types, missing and distinct values, first rows.

        With a target column, also the task that it is learned as, and what is odd about columns:
        identifiers, constants, columns that give the target away, numbers written as text.
        """
        file = self._workspace.to_read(table)
        with self._alone() as notes:
            source = Source.of([file])
            frame = to_typed_frame(read_columns(source, list(source.columns)), source)
            found: dict[str, Any] = {
                "rows": len(frame),
                "columns": [_describe_column(frame[name]) for name in frame],
                "first_rows": _records(frame.head(_SHOWN)),
            }
            if target is not None:
                rows = read_training_table([file], target)
                found |= _describe_task(rows)
                notes += [str(note) for note in rows.column_notes()]
        return {**found, "notes": notes}

    def fit(
        self,
        table: str,
        target: str,
        model: str,
        task: Task = "auto",
        drop: list[str] | None = None,
    ) -> dict[str, Any]:
        """Fit a model to a table and save it in the output folder under a name ending in .model.

        Rows without a target are left out. `drop` names columns to leave out, such as
        identifiers and columns that are only known after the target is.
        """
        file, path = self._workspace.to_read(table), self._workspace.to_write(_model_name(model))
        with self._alone() as notes:
            rows = read_training_table([file], target, drop or [], task)
            kind = TabTransferClassifier if rows.task == "classification" else TabTransferRegressor
            started = perf_counter()
            fitted = kind(random_state=0).fit(rows.X, rows.y)
            fitted.save(path)
            notes += [str(note) for note in fitted.column_notes_]
        return {
            "model": path.name,
            **_describe_task(rows),
            "columns": list(rows.X.columns),
            "seconds": round(perf_counter() - started, 1),
            "notes": notes,
        }

    def predict(
        self, model: str, table: str, out: str, keep: list[str] | None = None
    ) -> dict[str, Any]:
        """Predict the rows of a table with a saved model, into a CSV or Parquet file in the output
        folder.

        One row for each, in order: the prediction and the probability of each class, or quantiles.
        `keep` names columns to copy to the result, such as identifiers.
        """
        path, file = self._workspace.to_write(out), self._workspace.to_read(table)
        with self._alone() as notes:
            scorer = Scorer.of(self._load(model), None, tuple(keep or ()), None)
            source, scorer = _source(file, scorer)
            n_rows = 0
            first: list[dict[str, Any]] = []
            with table_writer(path) as write:
                for piece in score_here(source, scorer):
                    write(piece)
                    n_rows += piece.num_rows
                    first += piece.slice(0, _SHOWN - len(first)).to_pylist()
            if not n_rows:
                raise TabTransferError(f"{table} holds no rows to predict.")
        return {"file": path.name, "rows": n_rows, "first_rows": first, "notes": notes}

    def explain(
        self,
        model: str,
        table: str,
        first_row: Annotated[int, Field(ge=0)] = 0,
        n_rows: Annotated[int, Field(ge=1, le=20)] = 1,
    ) -> dict[str, Any]:
        """Explain a saved model's predictions for some rows of a table.

        Says how much each column's value raises the predicted class's probability, or the
        predicted number, and which training rows drove it, with their weights.
        """
        file = self._workspace.to_read(table)
        with self._alone() as notes:
            fitted = self._load(model)
            source, scorer = _source(file, Scorer.of(fitted, None, (), None))
            pieces = (
                piece
                for part in source.parts
                for piece in read_part(part, scorer.columns, first_row + n_rows)
            )
            rows = _rows_of(pieces, first_row, n_rows)
            if not rows.num_rows:
                raise TabTransferError(f"{table} has no row {first_row}; rows are numbered from 0.")
            found = fitted.explain(scorer.frame(rows), n_rows=_SHOWN).to_records()
        return {"explanations": found, "notes": notes}

    def compare(
        self,
        table: str,
        target: str,
        minutes: Annotated[float, Field(gt=0, le=60)] = 2.0,
        task: Task = "auto",
        drop: list[str] | None = None,
        methods: list[str] | None = None,
    ) -> dict[str, Any]:
        """Measure which method predicts a table's target best: this network, CatBoost or others.

        Takes the minutes given. Returns the recommendation and the error of each method, and
        writes a report to the output folder.
        """
        from tabtransfer.baselines.registry import resolve_methods
        from tabtransfer.bench.analysis.comparison import compare_methods
        from tabtransfer.bench.measure.compare import compare
        from tabtransfer.bench.measure.user_table import read_user_table
        from tabtransfer.bench.report.pages import write_report

        file = self._workspace.to_read(table)
        folder = self._workspace.to_write(f"compare-{file.name.split('.')[0]}")
        with self._alone() as notes:
            user_table, _ = read_user_table([file], target, drop or [], task)
            results = compare(
                user_table,
                folder / "results.parquet",
                60 * minutes,
                files=table,
                methods=None if methods is None else resolve_methods(",".join(methods)),
                n_jobs=1,
                tell=notes.append,
            )
            comparison = compare_methods(results)
            write_report(results, folder)
        return {
            "recommendation": " ".join(comparison.sentences),
            "error": comparison.error_name,
            "splits": comparison.n_splits,
            "methods": [
                {"method": one.method, "error": one.error.mean, "seconds": round(one.seconds, 2)}
                for one in comparison.entrants
            ],
            "not_compared": comparison.left_out,
            "report": f"{folder.name}/report.html",
            "notes": notes,
        }

    @contextmanager
    def _alone(self) -> Iterator[list[str]]:
        """Wait for other calls, and collect what there is to say of columns."""
        notes: list[str] = []
        with self._lock, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ColumnWarning)
            yield notes
        notes += [str(one.message) for one in caught if one.category is ColumnWarning]

    def _load(self, name: str) -> Any:
        return load(self._workspace.to_read(_model_name(name)))


def _model_name(name: str) -> str:
    if not name.endswith(MODEL_SUFFIX):
        raise TabTransferError(f"Names of models end in {MODEL_SUFFIX}, unlike {name!r}.")
    return name


def _source(file: Path, scorer: Scorer) -> tuple[Source, Scorer]:
    """Return a file with the columns that a model reads, and how its cells are written."""
    source = Source.of([file], scorer.columns)
    if source.dialect is not None:
        scorer = replace(scorer, decimal=source.dialect.decimal)
    return source, scorer


def _rows_of(pieces: Iterable[pa.Table], first: int, n_rows: int) -> pa.Table:
    """Return some rows of a table in pieces, without reading those after them."""
    found: list[pa.Table] = []
    start = 0
    for piece in pieces:
        found.append(piece.slice(max(0, first - start), n_rows))
        start += piece.num_rows
        if start >= first + n_rows:
            break
    rows = pa.concat_tables(found) if found else pa.table({})
    return rows.slice(0, n_rows)


def _describe_task(rows: TrainingTable) -> dict[str, Any]:
    counts = rows.y.value_counts().head(20)
    return {
        "task": rows.task,
        "why": rows.reason,
        "rows_with_target": len(rows.y),
        "rows_without_target": rows.n_without_target,
        "said_of_the_file": list(rows.notes),
        **(
            {"classes": {str(name): int(count) for name, count in counts.items()}}
            if rows.task == "classification"
            else {}
        ),
    }


def _describe_column(column: pd.Series) -> dict[str, Any]:
    present = column.dropna()
    described: dict[str, Any] = {
        "name": column.name,
        "type": str(column.dtype),
        "missing": int(column.isna().sum()),
        "distinct": int(present.map(str).nunique()),
    }
    if pd.api.types.is_numeric_dtype(column) and len(present):
        numbers = present.astype(float)
        described |= {"min": numbers.min(), "mean": numbers.mean(), "max": numbers.max()}
    return described


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return json.loads(frame.to_json(orient="records", date_format="iso"))
