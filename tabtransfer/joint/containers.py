"""Tables given back as the kind of table that came in."""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd

__all__ = ["like"]


def like(X: Any, frame: pd.DataFrame) -> Any:
    """Return a frame as what was given: a frame of the same library, else an array.

    Parameters
    ----------
    X : DataFrame or array-like
        What was given.
    frame : DataFrame
        What to give back.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from tabtransfer.joint.containers import like
    >>> like(np.eye(2), pd.DataFrame({0: [1.5, 2.5]}))
    array([[1.5],
           [2.5]])
    """
    if isinstance(X, pd.DataFrame):
        return frame
    library = type(X).__module__.partition(".")[0]
    if library == "polars":
        found = sys.modules["polars"].from_pandas(frame)
        return found.cast({name: dtype for name, dtype in X.schema.items() if name in frame})
    if library == "pyarrow":
        return sys.modules["pyarrow"].Table.from_pandas(frame, preserve_index=False)
    return frame.to_numpy()
