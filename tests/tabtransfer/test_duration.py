import pytest

from tabtransfer.duration import read_minutes
from tabtransfer.errors import TabTransferError


@pytest.mark.parametrize(("text", "minutes"), [("30s", 0.5), ("10m", 10), (" 1.5 h", 90), ("7", 7)])
def test_units(text, minutes):
    assert read_minutes(text) == minutes


@pytest.mark.parametrize("text", ["", "ten", "5 min", "-3m", "0s", "1e3"])
def test_anything_else_is_an_error_that_shows_how(text):
    with pytest.raises(TabTransferError, match="90s, 10m, 2h"):
        read_minutes(text)
