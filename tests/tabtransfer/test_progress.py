from tabtransfer.progress import progress_bar


def test_a_bar_shows_its_name_and_reaches_the_end(capsys):
    with progress_bar("counting", 4, shown=True) as advance:
        advance(1)
        advance(3)
    out, shown = capsys.readouterr()
    assert out == ""
    assert "counting" in shown and "100%" in shown


def test_nothing_is_shown_unless_asked_for(capsys):
    with progress_bar("counting", 4, shown=False) as advance:
        advance(4)
    assert capsys.readouterr() == ("", "")
