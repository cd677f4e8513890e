import sys
from types import SimpleNamespace

import pytest

from tabtransfer import progress
from tabtransfer.progress import progress_bar


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test moves on."""
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(progress, "monotonic", lambda: now.seconds)
    return now


@pytest.fixture
def notebook(monkeypatch):
    """A module IPython as a notebook's kernel has it; the pictures that were shown."""
    shown = []
    handle = SimpleNamespace(update=shown.append)
    shell = SimpleNamespace(has_trait=lambda name: name == "kernel")
    tools = SimpleNamespace(HTML=str, display=lambda picture, display_id: handle)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", tools)
    return shown


def test_a_terminal_has_a_bar_that_shows_its_name_and_reaches_the_end(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress_bar("counting", 4, shown=True) as advance:
        advance(1)
        advance(3)
    out, shown = capsys.readouterr()
    assert out == ""
    assert "counting" in shown and "100%" in shown


def test_a_log_has_a_line_at_the_start_every_half_minute_and_at_the_end(clock, capsys):
    with progress_bar("counting", 4, shown=True) as advance:
        for _ in range(4):
            clock.seconds += 16.0
            advance(1)
    out, shown = capsys.readouterr()
    assert out == ""
    assert shown == "counting …\ncounting: 50%\ncounting: 100%\ncounting: done in 64.0 s\n"


def test_what_fails_is_not_said_to_be_done(clock, capsys):
    with pytest.raises(ZeroDivisionError), progress_bar("counting", 4, shown=True):
        1 / 0  # noqa: B018
    assert capsys.readouterr().err == "counting …\n"


def test_a_notebook_has_one_bar_that_moves(clock, notebook, capsys):
    with progress_bar("<counting>", 4, shown=True) as advance:
        clock.seconds += 1.0
        advance(1)
        advance(1)  # too soon after the last picture
        clock.seconds += 1.0
        advance(2, "the rest")
    bar = '<progress value="{}" max="4"></progress> {}, {:.1f} s'
    assert notebook == [
        bar.format(1, "&lt;counting&gt;", 1.0),
        bar.format(4, "the rest", 2.0),
        bar.format(4, "the rest", 2.0),
    ]
    assert capsys.readouterr() == ("", "")


def test_nothing_is_shown_unless_asked_for(capsys):
    with progress_bar("counting", 4, shown=False) as advance:
        advance(4)
    assert capsys.readouterr() == ("", "")
