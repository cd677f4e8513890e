import contextlib

import numpy as np
import pandas as pd
import pytest

from tabtransfer.errors import ColumnWarning
from tabtransfer.preprocessing.columns import learn_column
from tabtransfer.preprocessing.columns.category import CategoryColumn
from tabtransfer.preprocessing.columns.number import NumberColumn
from tabtransfer.preprocessing.columns.text import TextColumn
from tabtransfer.preprocessing.columns.written_number import (
    NumberFormat,
    WrittenNumberColumn,
    number_format,
)

NUMBERS = np.random.default_rng(0).lognormal(4, 3, 300).round(2)


def comma(number, places=2):
    return f"{number:,.{places}f}".translate(str.maketrans(",.", ".,"))


@pytest.mark.parametrize(
    "write",
    [
        str,
        "{:.2f}".format,
        " {:.12e} ".format,
        "${:,.2f}".format,
        "-${:,.2f}".format,
        "$ -{:,.2f}".format,
        "(${:,.2f})".format,
        "{:.2f} %".format,
        "{:.2f}%".format,
        "EUR {:,.2f}".format,
        "{:,.2f}-".format,
        "~{:.2f}".format,
        "{:.4f}°N".format,
        "{:.2f} kg".format,
        "{:.2f}km/h".format,
        lambda number: comma(number),
        lambda number: f"-{comma(number)} €",
        lambda number: f"{number:,.2f}".replace(",", "'"),
        lambda number: f"{number:,.2f}".replace(",", "\u202f").replace(".", ","),
        lambda number: "−" + str(number),
    ],
)
@pytest.mark.parametrize("stray", ["n/a", "?", " ", "Total"])
def test_numbers_in_every_writing_are_the_numbers(write, stray):
    column = pd.Series([*map(write, NUMBERS), stray])
    learned = learn_column(column, "z")
    assert isinstance(learned, WrittenNumberColumn)
    text = write(1.0)
    sign = -1 if "-" in text.replace("e-", "") or "−" in text or "(" in text else 1
    expected = NumberColumn.of(sign * NUMBERS).standardise(sign * NUMBERS)
    with pytest.warns(ColumnWarning) if stray == "Total" else contextlib.nullcontext():
        found = learned.encode(column, "z")
    np.testing.assert_allclose(found[:-1], expected, rtol=1e-9, atol=1e-9)
    assert np.isnan(found[-1, 0])


def test_limits_and_indian_groups_are_numbers():
    read = NumberFormat().read
    assert [read(cell) for cell in ("<0.5", ">= 3", "≈2", "12,34,567.5")] == [0.5, 3, 2, 1234567.5]
    assert NumberFormat(currency="₹").read("₹1,00,000") == 1e5
    assert np.isnan([read(cell) for cell in ("1,23,45", "12,3,456", "5-10", "<>", "--5-")]).all()
    cells = pd.Series(["<0.1", *(f"{number / 7:.3f}" for number in range(60)), ">9.0"])
    assert not np.isnan(learn_column(cells, "z").encode(cells, "z")).any()


def test_numbers_beside_a_word_are_numbers():
    cells = pd.Series([*NUMBERS, "n/a"], dtype=object)
    learned = learn_column(cells, "z")
    np.testing.assert_array_equal(
        learned.encode(cells, "z")[:-1], NumberColumn.of(NUMBERS).standardise(NUMBERS)
    )
    np.testing.assert_array_equal(
        learned.encode(pd.Series(NUMBERS), "z"), learned.encode(cells, "z")[:-1]
    )


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([f"{number:05d}" for number in range(900, 1100)], CategoryColumn),
        (
            [f"{number / 100:.2f}" for number in range(900)] + [f"V{n}" for n in range(60)],
            TextColumn,
        ),
        ([f"product {number}" for number in range(90)], TextColumn),
        ([f"A{number}" for number in range(90)], TextColumn),
        ([f"{number} {'kg' if number % 2 else 'lb'}" for number in range(90)], TextColumn),
        ([f"1.{number}.0" for number in range(90)], TextColumn),
        ([str(number) for number in range(12)] * 20, CategoryColumn),
        ([*range(60), True, "n/a"], CategoryColumn),
        (pd.Categorical([str(number) for number in range(90)]), CategoryColumn),
    ],
)
def test_codes_and_texts_stay_what_they_are(cells, kind):
    assert type(learn_column(pd.Series(cells), "z")) is kind


def test_a_few_decimals_are_enough_to_be_numbers():
    assert number_format(pd.Series([f"{number}.5" for number in range(11)])) == NumberFormat()
    assert number_format(pd.Series([f"{number}.5" for number in range(10)])) is None


def test_words_in_later_rows_are_missing_and_said():
    learned = learn_column(pd.Series(NUMBERS.astype(str)), "z")
    with pytest.warns(ColumnWarning, match=r"'z' is read as numbers, and 1 .*'soon' \(row 1\)"):
        found = learned.encode(pd.Series(["1.5", "soon", "-"]), "z")
    assert np.isnan(found).ravel().tolist() == [False, True, True]


def test_ambiguous_commas_are_read_as_the_others_are():
    assert NumberFormat().read("1,196") == 1196
    assert NumberFormat(",").read("1,196") == 1.196
    assert np.isnan(NumberFormat().read("1,19")) and np.isnan(NumberFormat().read("1e999"))
    column = pd.Series([f"{number},196" for number in range(50)] + ["0,5"])
    assert number_format(column) == NumberFormat(",")
