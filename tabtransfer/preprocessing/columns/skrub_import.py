"""skrub, loaded when first used, also where the home folder can't be written to."""

from __future__ import annotations

import os
import tempfile
from types import ModuleType

__all__ = ["import_skrub"]

_FOLDER = "SKB_DATA_DIRECTORY"  # skrub's name for it


def import_skrub() -> ModuleType:
    """Import skrub.

    skrub makes a folder for datasets while it is imported, in the home folder unless the
    environment names another place. Where neither can be written to, as in many containers, the
    folder for temporary files stands in.

    Returns
    -------
    module
        skrub.

    Examples
    --------
    >>> from tabtransfer.preprocessing.columns.skrub_import import import_skrub
    >>> import_skrub().StringEncoder.__name__
    'StringEncoder'
    """
    try:
        import skrub
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder at all
        before = os.environ.get(_FOLDER)
        os.environ[_FOLDER] = tempfile.gettempdir()
        try:
            import skrub
        finally:
            if before is None:
                del os.environ[_FOLDER]
            else:
                os.environ[_FOLDER] = before
    return skrub
