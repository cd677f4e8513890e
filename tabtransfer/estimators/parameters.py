"""The checks of the estimators' parameters, before any work."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any

from sklearn.utils import check_random_state

from tabtransfer.device import find_device
from tabtransfer.errors import TabTransferError
from tabtransfer.finetune.modes import check_mode

__all__ = ["check_count", "check_parameters"]

_FLAGS = ("calibrate", "trees", "verbose")
_COUNTS = ("n_estimators", "max_context_rows", "n_threads", "memory_limit")
_OR_NONE = ("n_estimators", "n_threads", "memory_limit")


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Check those parameters of an estimator that several estimators have.

    Parameters
    ----------
    parameters : mapping
        As ``get_params`` gives them.

    Raises
    ------
    TabTransferError
        If one has the wrong type or is out of range, or there is no such device.

    Examples
    --------
    >>> from tabtransfer import TabTransferClassifier
    >>> from tabtransfer.estimators.parameters import check_parameters
    >>> check_parameters(TabTransferClassifier(n_threads=2).get_params())
    """
    for name in [name for name in _COUNTS if name in parameters]:
        if not (parameters[name] is None and name in _OR_NONE):
            check_count(name, parameters[name], or_none=name in _OR_NONE)
    for name in [name for name in _FLAGS if name in parameters]:
        if parameters[name] not in (True, False):
            raise TabTransferError(f"{name} must be True or False, not {parameters[name]!r}.")
    if "finetune" in parameters:
        check_mode(parameters["finetune"])
    find_device(parameters["device"])
    limit = parameters.get("time_limit")
    if limit is not None and not (_is_number(limit) and limit >= 0 and not math.isnan(limit)):
        raise TabTransferError(
            f"time_limit must be a number of seconds from 0 on, or None, not {limit!r}."
        )
    try:
        check_random_state(parameters["random_state"])
    except ValueError as error:
        raise TabTransferError(
            "random_state must be a whole number from 0 to 2**32 - 1, a numpy.random.RandomState, "
            f"or None, not {parameters['random_state']!r}."
        ) from error


def check_count(name: str, value: Any, or_none: bool = False) -> None:
    """Check that a parameter is a whole number from 1 on.

    Raises
    ------
    TabTransferError
        If it isn't; the message says so if None would do, too.

    Examples
    --------
    >>> from tabtransfer.estimators.parameters import check_count
    >>> check_count("n_rows", 10)
    """
    if not _is_count(value):
        unit = " of bytes" if name == "memory_limit" else ""
        none = ", or None" if or_none else ""
        raise TabTransferError(
            f"{name} must be a whole number{unit} from 1 on{none}, not {value!r}."
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and int(value) >= 1
