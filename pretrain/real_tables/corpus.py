"""Real tables on disk as prediction tasks.

A corpus is a folder of Parquet files whose last column is the target, or a JSON manifest: a list
of entries with ``name``, ``file`` (a Parquet file, or a zip that holds it as ``member``; relative
to the manifest), ``target`` and ``task``.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.real_tables.drawn_rows import MAX_CLASSES, draw_rows
from tabtransfer.pretrain.real_tables.real_table import RealTable
from tabtransfer.printing import is_encodable
from tabtransfer.tasks import TaskBatch

if TYPE_CHECKING:
    import pandas as pd

MAX_INTEGER_CLASSES = 20
CLASSIFICATION_NAMES = ("classification", "binary", "multiclass")


@dataclass(frozen=True)
class CorpusTable:
    """A table of a corpus as it is on disk, with or without a known target.

    Parameters
    ----------
    name : str
        Name of the table.
    frame : pandas.DataFrame
        All columns.
    target : str or None
        Column that the source calls the target.
    licence, source : str
        As the manifest states them; of a folder, "" and the file.
    """

    name: str
    frame: pd.DataFrame
    target: str | None
    licence: str
    source: str


def read_corpus(path: Path) -> Iterator[CorpusTable]:
    """Read all tables of a corpus, whatever their target.

    Parameters
    ----------
    path : Path
        Folder of Parquet files or JSON manifest.

    Yields
    ------
    CorpusTable

    Raises
    ------
    TabTransferError
        If the path, or a file that a manifest names, isn't there.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> pd.DataFrame({"a": [1, 2], "kind": ["x", "y"]}).to_parquet(folder / "toy.parquet")
    >>> [(source.name, source.target) for source in read_corpus(folder)]
    [('toy', 'kind')]
    """
    import pandas as pd

    path = Path(path)
    _check_path(path)
    if path.is_dir():
        for file in sorted(path.glob("*.parquet")):
            frame = pd.read_parquet(file)
            yield CorpusTable(file.stem, frame, frame.columns[-1], "", str(file.name))
        return
    for entry in _entries(path):
        frame = _read_entry(path.parent, entry)
        licence = entry.get("licence") or "manifest states no licence"
        yield CorpusTable(
            entry["name"], frame, entry.get("target"), licence, entry.get("source") or ""
        )


def load_corpus(path: Path, task: str = "classification") -> list[RealTable]:
    """Load the tables of a corpus that have a known target of one kind.

    Parameters
    ----------
    path : Path
        Folder of Parquet files or JSON manifest.
    task : {"classification", "regression"}
        Which tables to load. In a folder, text and booleans are classes, and so are at most 20
        distinct integers; other numbers are regression targets.

    Returns
    -------
    list of RealTable
        In the order of the manifest, or of the file names.

    Raises
    ------
    TabTransferError
        If the path, or a file that a manifest names, isn't there, the manifest isn't a list of
        entries, or a table lacks its target.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> pd.DataFrame({"a": [1, 2], "kind": ["x", "y"]}).to_parquet(folder / "toy.parquet")
    >>> [(table.name, table.y.name) for table in load_corpus(folder)]
    [('toy', 'kind')]
    """
    path = Path(path)
    _check_path(path)
    if path.is_dir():
        return list(_load_folder(path, task))
    return list(_load_manifest(path, task))


def _check_path(path: Path) -> None:
    if not path.exists():
        raise TabTransferError(
            f"no corpus at {path}: give a folder of .parquet files or a manifest"
        )
    if path.is_dir() and not any(path.glob("*.parquet")):
        raise TabTransferError(
            f"the folder {path} holds no .parquet file, and other files aren't read here: convert "
            "them, for example by pandas.read_csv(FILE).to_parquet(FILE)"
        )


def _load_folder(folder: Path, task: str) -> Iterator[RealTable]:
    import pandas as pd

    for file in sorted(folder.glob("*.parquet")):
        frame = pd.read_parquet(file)
        y = frame.iloc[:, -1]
        if _task_of(y) == task:
            yield RealTable(file.stem, frame.iloc[:, :-1], y)


def _task_of(y: pd.Series) -> str:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if not is_numeric_dtype(y) or is_bool_dtype(y):
        return "classification"
    known = y.dropna()
    integers = bool((known % 1 == 0).all())
    few = integers and known.nunique() <= MAX_INTEGER_CLASSES
    return "classification" if few else "regression"


def _load_manifest(manifest: Path, task: str) -> Iterator[RealTable]:
    for entry in _entries(manifest):
        kind = "classification" if entry.get("task") in CLASSIFICATION_NAMES else entry.get("task")
        if entry.get("target") is not None and kind == task:
            yield _load_entry(manifest.parent, entry)


def _entries(manifest: Path) -> list[dict[str, Any]]:
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise TabTransferError(f"{manifest} isn't valid JSON in UTF-8: {error}") from None
    if not isinstance(entries, list):
        raise TabTransferError(f"{manifest} must hold a list of entries with name, file and target")
    for number, entry in enumerate(entries, 1):
        _check_entry(entry, f"entry {number} of {manifest}")
    return entries


def _check_entry(entry: Any, where: str) -> None:
    if not isinstance(entry, dict):
        raise TabTransferError(f"{where} must be an object with name, file and target")
    for key in ("name", "file", "target", "task", "licence", "source", "member"):
        value = entry.get(key)
        if value is None and key not in ("name", "file"):
            continue
        if not isinstance(value, str) or not is_encodable(value):
            raise TabTransferError(f"{where}: {key} must be text, not {value!r}")


def _load_entry(root: Path, entry: dict[str, Any]) -> RealTable:
    frame = _read_entry(root, entry)
    target = entry["target"]
    if target not in frame.columns:
        raise TabTransferError(
            f"table {entry['name']!r} of {root / entry['file']} has no column {target!r}"
        )
    return RealTable(entry["name"], frame.drop(columns=target), frame[target])


def _read_entry(root: Path, entry: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    file = root / entry["file"]
    if not file.is_file():
        raise TabTransferError(f"table {entry['name']!r}: no file {file}")
    if "member" not in entry:
        return pd.read_parquet(file)
    with zipfile.ZipFile(file) as archive:
        return pd.read_parquet(io.BytesIO(archive.read(entry["member"])))


def to_task(
    table: RealTable, max_rows: int, train_share: float, seed: int, task: str = "classification"
) -> TaskBatch:
    """Return a task of a sample of a table's rows, training rows first.

    Classes are drawn in proportion, and the 10 most frequent ones stay; numbers are standardised
    (see `draw_rows`). Of the columns, text, booleans and pandas categories become codes,
    numbers are centred by their median and divided by their interquartile range, infinite values
    are missing.

    Parameters
    ----------
    table : RealTable
        Table with classes, or with numbers, as target; rows without one are left out.
    max_rows : int
        Most rows to draw.
    train_share : float
        Share of the drawn rows that are training rows.
    seed : int
        Same seed, same rows.
    task : {"classification", "regression"}
        Which of the two.

    Returns
    -------
    TaskBatch
        Batch of one task.

    Raises
    ------
    TabTransferError
        If fewer than two classes, or two different training targets, are left, or no query row.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"a": range(8), "b": list("uvuvuvuv")})
    >>> task = to_task(RealTable("toy", frame, pd.Series(list("xyxyxyxy"))), 8, 0.5, seed=0)
    >>> task.values.shape, task.n_train, task.categorical.tolist()
    (torch.Size([1, 8, 2]), 4, [[False, True]])
    """
    rows, labels, n_train = draw_rows(table, task, max_rows, train_share, seed)
    n_classes = len(np.unique(labels))
    if task == "regression":
        labels, n_classes = labels.astype(np.float32), 0
    columns = [encode_column(table.X.iloc[rows, index]) for index in range(table.X.shape[1])]
    values = np.stack([cells for cells, _ in columns], axis=1)
    missing = np.isnan(values)
    return TaskBatch(
        values=torch.from_numpy(np.where(missing, 0.0, values).astype(np.float32))[None],
        missing=torch.from_numpy(missing)[None],
        categorical=torch.tensor([[is_code for _, is_code in columns]]),
        labels=torch.from_numpy(labels)[None],
        n_train=n_train,
        n_columns=torch.tensor([len(columns)]),
        n_classes=torch.tensor([n_classes]),
    )


def share_in_top_classes(y: pd.Series) -> float:
    """Compute which share of the labelled rows the 10 most frequent classes hold.

    Parameters
    ----------
    y : pandas.Series
        Target with classes.

    Returns
    -------
    float
        0 where no row is labelled.

    Examples
    --------
    >>> import pandas as pd
    >>> share_in_top_classes(pd.Series(list("aabbc")))
    1.0
    """
    counts = y.value_counts()
    return float(counts.iloc[:MAX_CLASSES].sum() / max(counts.sum(), 1))


def encode_column(column: pd.Series) -> tuple[NDArray[np.float64], bool]:
    """Turn a column into numbers.

    Parameters
    ----------
    column : pandas.Series
        Numbers, text, booleans, categories or dates.

    Returns
    -------
    cells : ndarray of float64
        Numbers centred by their median and scaled by their interquartile range, or category
        codes; NaN where missing.
    categorical : bool
        Whether they are codes.

    Examples
    --------
    >>> import pandas as pd
    >>> encode_column(pd.Series(["b", "a", None]))
    (array([ 1.,  0., nan]), True)
    """
    import pandas as pd
    from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

    if is_datetime64_any_dtype(column):
        column = column.astype("int64").where(column.notna())
    if is_bool_dtype(column) or not is_numeric_dtype(column):
        text = column.astype("object")
        codes, _ = pd.factorize(text.where(text.isna(), text.astype(str)), sort=True)
        return np.where(codes < 0, np.nan, codes), True
    cells = column.to_numpy(dtype=np.float64, na_value=np.nan)
    cells = np.where(np.isfinite(cells), cells, np.nan)
    known = cells[~np.isnan(cells)]
    if len(known) == 0:
        return cells, False
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    return (cells - middle) / (high - low or known.std() or 1.0), False
