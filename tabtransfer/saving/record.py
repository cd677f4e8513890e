"""The record in a saved model: read and checked once, so that all else can rely on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any

import tabtransfer
from tabtransfer.errors import TabTransferError

__all__ = ["FORMAT", "read_record"]

FORMAT = 4


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_matrix(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(isinstance(row, list) and len(row) == len(value[0]) for row in value)
        and all(type(number) is float and isfinite(number) for row in value for number in row)
    )


def _or_none(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


_FIELDS: dict[str, Callable[[Any], bool]] = {
    "estimator": _is_string,
    "settings": _is_table,
    "seed": lambda value: _is_count(value) and value < 2**32,
    "n_features": _is_count,
    "feature_names": _or_none(_is_names),
    "classes": _or_none(lambda value: isinstance(value, list) and len(value) > 0),
    "classes_type": _or_none(_is_string),
    "n_context_rows": _is_count,
    "sketch": _is_table,
    "network": _is_table,
    "weights": _is_string,
    "outcomes": _is_table,
    "blend": _or_none(lambda value: isinstance(value, list)),
    "spread": lambda value: isinstance(value, float),
    "centres": _or_none(_is_matrix),
}


def read_record(content: bytes, path: Path) -> dict[str, Any]:
    """Read a record and check its fields.

    Parameters
    ----------
    content : bytes
        The record as JSON.
    path : Path
        The file that it is of, to name in errors.

    Returns
    -------
    dict

    Raises
    ------
    TabTransferError
        If the record was written by a later version.
    ValueError
        If it isn't a record.
    """
    record = json.loads(content)
    if not isinstance(record, dict) or not _is_count(record.get("format")):
        raise ValueError("its record has no format")
    versions = record.get("versions")
    if not isinstance(versions, dict) or not all(map(_is_string, versions.values())):
        raise ValueError("its record has no versions")
    if record["format"] > FORMAT:
        raise TabTransferError(
            f"{path} was saved by tabtransfer {versions.get('tabtransfer')} in format "
            f"{record['format']}, and tabtransfer {tabtransfer.__version__} reads formats up to "
            f"{FORMAT}: upgrade tabtransfer."
        )
    record.setdefault("spread", 1.0)  # before format 3
    record.setdefault("centres", None)  # before format 4
    for name, is_right in _FIELDS.items():
        if name not in record or not is_right(record[name]):
            raise ValueError(f"its record has no {name}, or a wrong one")
    if (record["classes"] is None) != (record["classes_type"] is None):
        raise ValueError("its record has classes without a type, or a type without classes")
    if record["feature_names"] is not None and len(record["feature_names"]) != record["n_features"]:
        raise ValueError("its record has more or fewer names than columns")
    return record
