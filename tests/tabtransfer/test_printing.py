import io

import pytest
from rich.table import Table

from tabtransfer.printing import make_console, make_printable


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "1 − ROC AUC “猫” 0.1–0.2"),
        ("cp1252", "1 - ROC AUC “??” 0.1–0.2".replace("??", "?")),
        ("ascii", '1 - ROC AUC "?" 0.1-0.2'),
    ],
)
def test_a_terminal_shows_what_it_has(encoding, expected):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    make_printable(terminal)
    terminal.write("1 − ROC AUC “猫” 0.1–0.2")
    terminal.flush()
    assert terminal.buffer.getvalue().decode(encoding) == expected


def test_names_in_brackets_are_printed_as_they_are(capsys):
    table = Table("method", title="[/title]")
    table.add_row("[bold]mine[/]")
    make_console().print("folder [/eu] :smile:", table)
    shown = capsys.readouterr().out
    for name in ("folder [/eu] :smile:", "[bold]mine[/]", "[/title]"):
        assert name in shown
