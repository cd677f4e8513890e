"""Every method of the leaderboard, by name."""

from __future__ import annotations

from tabtransfer.baselines.catboost import CATBOOST
from tabtransfer.baselines.forest import RANDOM_FOREST
from tabtransfer.baselines.linear import LOGISTIC_REGRESSION
from tabtransfer.baselines.method import Method
from tabtransfer.baselines.tabpfn import TABPFN
from tabtransfer.baselines.transfer import (
    TABTRANSFER,
    TABTRANSFER_FINETUNED,
    TABTRANSFER_SCRATCH,
)
from tabtransfer.errors import TabTransferError

__all__ = ["METHODS", "get_method"]

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        TABTRANSFER,
        TABTRANSFER_FINETUNED,
        TABTRANSFER_SCRATCH,
        CATBOOST,
        RANDOM_FOREST,
        LOGISTIC_REGRESSION,
        TABPFN,
    )
}
"""Methods by name, in the order in which reports list them."""


def get_method(name: str) -> Method:
    """Return a method by its name.

    Parameters
    ----------
    name : str
        Name of the method, a key of ``METHODS``.

    Returns
    -------
    Method
        The method.

    Raises
    ------
    TabTransferError
        If there is no such method.

    Examples
    --------
    >>> get_method("catboost").packages
    ('catboost',)
    """
    if name not in METHODS:
        raise TabTransferError(
            f"There is no method {name!r}; the methods are {', '.join(METHODS)}."
        )
    return METHODS[name]
