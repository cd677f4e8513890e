"""Files of installed packages, read without importing them."""

from __future__ import annotations

from importlib import metadata
from typing import Any

import pandas as pd

__all__ = ["package_file", "read_package_csv"]


def package_file(package: str, path: str) -> str:
    """Return the path of a file of an installed package."""
    return str(metadata.distribution(package).locate_file(path))


def read_package_csv(package: str, path: str, **options: Any) -> pd.DataFrame:
    """Read a CSV file of a package, numbers to the last digit whatever the version of pandas."""
    return pd.read_csv(package_file(package, path), float_precision="round_trip", **options)
