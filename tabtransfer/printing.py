"""Print any text on any terminal, and names as they are."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["is_encodable", "make_console", "make_printable"]

_HANDLER = "tabtransfer.printable"
_PLAIN = {
    **dict.fromkeys("−–—━╺╸─╶╴", "-"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("‘’", "'"),
    **{"…": "...", "·": ".", "×": "x", "±": "+/-", "√": "sqrt", "²": "2", "★": "*", "→": "->"},
    "\u00a0": " ",
}


def is_encodable(text: str) -> bool:
    """Return whether text can be encoded, which lone surrogates can't.

    Examples
    --------
    >>> is_encodable("猫"), is_encodable(chr(0xD800))
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def make_printable(stream: TextIO) -> None:
    """Make a stream write similar characters for those that its encoding lacks.

    Without this, one minus sign on a terminal of an older encoding ends a command after hours.

    Parameters
    ----------
    stream : text stream
        Such as ``sys.stdout``; changed in place, where it is one of Python's own.

    Examples
    --------
    >>> import io
    >>> from tabtransfer.printing import make_printable
    >>> terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    >>> make_printable(terminal)
    >>> _ = terminal.write("1 − ROC AUC: 0.1–0.2, 猫")
    >>> terminal.flush()
    >>> terminal.buffer.getvalue()
    b'1 - ROC AUC: 0.1-0.2, ?'
    """
    codecs.register_error(_HANDLER, _substitute)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors=_HANDLER)


def make_console(stderr: bool = False) -> Console:
    """Return a console of rich that prints brackets in names as they are.

    Parameters
    ----------
    stderr : bool, default=False
        Whether it prints to standard error.
    """
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False)


def _substitute(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    plain = "".join(_PLAIN.get(character, "?") for character in wrong)
    return plain.encode(error.encoding, "replace").decode(error.encoding), error.end
