import datetime
import warnings

import numpy as np
import pandas as pd
import pyarrow
import pytest

from tabtransfer.errors import ColumnWarning, TabTransferError
from tabtransfer.preprocessing.columns import UnsupportedColumnError, learn_column
from tabtransfer.preprocessing.columns.date import DateColumn
from tabtransfer.preprocessing.columns.date_format import date_format

UTC = datetime.timezone.utc
STAMPS = [datetime.datetime(2024, 5, 13, 7, 30), None, datetime.datetime(2023, 12, 24, 0, 0)]
PARTS = [[2024, 5, 13, 7, 1], [np.nan] * 5, [2023, 12, 24, 0, 7]]


def aware(zone):
    return [None if stamp is None else stamp.replace(tzinfo=zone) for stamp in STAMPS]


@pytest.mark.parametrize(
    "cells",
    [
        pd.Series(STAMPS),
        pd.Series(STAMPS).astype("datetime64[ns]"),
        pd.Series(STAMPS, dtype=object),
        pd.Series(STAMPS).dt.tz_localize("Asia/Tokyo"),
        pd.Series(aware(UTC), dtype=object),
        pd.Series(aware(datetime.timezone(datetime.timedelta(hours=-7))), dtype=object),
        pd.Series(pd.PeriodIndex(pd.Series(STAMPS), freq="h")),
        pd.array(STAMPS, dtype=pd.ArrowDtype(pyarrow.timestamp("ms"))),
        pd.array(aware(UTC), dtype=pd.ArrowDtype(pyarrow.timestamp("us", "UTC"))),
        ["2024-05-13 07:30:00", None, "2023-12-24 00:00:00"],
        ["2024-05-13T07:30:00Z", None, "2023-12-24T00:00:00Z"],
        ["13/05/2024 07:30", None, "24/12/2023 00:00"],
    ],
)
def test_dates_of_every_type_become_parts(cells):
    column = pd.Series(cells)
    learned = learn_column(column, "z")
    assert isinstance(learned, DateColumn) and learned.n_categories == (0,) * 6
    values = learned.encode(column, "z")
    np.testing.assert_array_equal(values[:, 1:], PARTS)
    np.testing.assert_array_equal(np.isnan(values[:, 0]), [False, True, False])
    np.testing.assert_allclose(np.diff(values[[0, 2], 0]), -2.0)  # a half of the range is a spread


@pytest.mark.parametrize(
    "cells",
    [
        pd.date_range("2024-05-13", periods=3),
        pd.date_range("2024-05-13", periods=3).date,
        pd.period_range("2024-05", periods=3, freq="M"),
        pd.array(pd.date_range("2024-05-13", periods=3), dtype="date32[pyarrow]"),
        ["2024-05-13", "2023-12-24", None],
        ["May 13, 2024", "December 24, 2023", None],
    ],
)
def test_whole_days_have_no_hour(cells):
    learned = learn_column(pd.Series(cells), "z")
    assert learned.parts.extracted_features_ == ["year", "month", "day", "weekday"]


def test_seconds_are_exact():
    column = pd.Series(pd.to_datetime("2024-05-13") + pd.to_timedelta([0, 1, 2, 3], unit="s"))
    np.testing.assert_allclose(np.diff(learn_column(column, "z").encode(column, "z")[:, 0]), 2 / 3)


def test_later_rows_are_read_in_the_time_zone_of_fit():
    column = pd.Series(pd.date_range("2024-05-13 20:00", periods=4, freq="5h", tz="Europe/Paris"))
    learned = learn_column(column, "z")
    expected = learned.encode(column, "z")
    for zone in ("Asia/Tokyo", "UTC", None):
        np.testing.assert_array_equal(learned.encode(column.dt.tz_convert(zone), "z"), expected)
    mixed = [column[0], column[1].tz_convert("UTC").to_pydatetime(), None]
    np.testing.assert_array_equal(
        learned.encode(pd.Series(mixed, dtype=object), "z")[:2], expected[:2]
    )


def test_dates_may_be_written_later():
    column = pd.Series(STAMPS)
    learned = learn_column(column, "z")
    written = pd.Series(["2024-05-13T07:30", None, "2023-12-24"])
    np.testing.assert_array_equal(learned.encode(written, "z"), learned.encode(column, "z"))


def test_written_dates_may_be_dates_later():
    column = pd.Series(["13/05/2024 07:30", None, "24/12/2023 00:00"])
    learned = learn_column(column, "z")
    np.testing.assert_array_equal(
        learned.encode(pd.Series(STAMPS), "z"), learned.encode(column, "z")
    )


def test_day_and_month_are_not_swapped_in_a_row_alone():
    learned = learn_column(pd.Series(["13/05/2024", "01/02/2024"]), "z")
    assert learned.encode(pd.Series(["01/02/2024"]), "z")[0, 2:4].tolist() == [2, 1]


@pytest.mark.parametrize("first", [STAMPS, ["2024-05-13", "2023-12-24"]])
def test_strings_that_are_no_dates_name_column_cell_and_row(first):
    learned = learn_column(pd.Series(first), "z")
    with pytest.raises(TabTransferError, match=r"'z' held dates.*'soon' \(row 1\).*to_datetime"):
        learned.encode(pd.Series([None, "soon"]), "z")
    with pytest.warns(ColumnWarning, match=r"'soon' \(row 1\) is no date.*1 such cells are miss"):
        values = learned.encode(pd.Series(["2024-05-13", "soon"]), "z")
    assert values[0, 1:4].tolist() == [2024, 5, 13] and np.isnan(values[1]).all()


@pytest.mark.parametrize("later", [[1, 2], [True, False], [datetime.timedelta(1)] * 2])
def test_only_dates_may_follow_dates(later):
    learned = learn_column(pd.Series(STAMPS), "z")
    with pytest.raises(UnsupportedColumnError, match=r"'z' held dates in fit, but now holds"):
        learned.encode(pd.Series(later), "z")
    assert np.isnan(learned.encode(pd.Series([None, pd.NaT]), "z")).all()


@pytest.mark.parametrize(
    "strings",
    [
        ["1.5", "2.25"],
        ["2020", "2021"],
        ["20200102", "20210304"],
        ["12:30", "13:45"],
        ["10.1.2", "10.1.3"],
        ["01/02/99", "02/03/98"],
        ["2020-13-45", "2021-03-04"],
        ["2020-01-02", "soon"],
        ["2021-13", "2021-00"],
        ["10.2021", "11.2021"],
        ["Q5 2021", "2021Q0"],
        ["2021W", "2021-W77"],
        ["model 2020", "model 2021"],
        ["2020-01-02-7", "2020-01-02-8"],
        ["555-123-2020", "555-456-2021"],
        ["", " "],
    ],
)
def test_strings_that_only_look_like_dates_stay_strings(strings):
    assert date_format(pd.Series(strings)) is None


@pytest.mark.parametrize("year", [1, 1066, 2262, 9999])
def test_years_beyond_nanoseconds(year):
    column = pd.Series([datetime.date(year, 1, 1), datetime.date(2024, 5, 13)])
    assert learn_column(column, "z").encode(column, "z")[0, 1] == year


def test_dates_beyond_pandas_name_the_column():
    column = pd.Series(np.array(["2020", "400000"], "datetime64[s]"))
    with pytest.raises(TabTransferError, match=r"'z' holds dates that pandas can't.*replace"):
        learn_column(column, "z")


@pytest.mark.parametrize(
    ("strings", "format"),
    [
        (["03/04/2021 05:06 PM", "03/14/2021 11:30 AM"], "%m/%d/%Y %I:%M %p"),
        (["14/04/2021 5:06 pm", "03/04/2021 11:30 am"], "%d/%m/%Y %I:%M %p"),
        (["2021-04-03 05:06:07PM", "2021-04-14 11:30:00AM"], "%Y-%m-%d %I:%M:%S%p"),
    ],
)
def test_halves_of_the_day_are_read(strings, format):
    learned = learn_column(pd.Series(strings), "z")
    assert isinstance(learned, DateColumn) and str(learned.format) == format
    hours = learned.encode(pd.Series(strings), "z")[:, 4]
    assert hours.tolist() == [17, 11]


@pytest.mark.parametrize("stray", ["", " ", "-", "n/a", "9999-12-31", "0001-01-01"])
def test_cells_that_say_there_is_no_date_are_missing(stray):
    column = pd.Series(["2024-05-13", stray, "2023-12-24"])
    learned = learn_column(column, "z")
    assert isinstance(learned, DateColumn)
    values = learned.encode(column, "z")
    np.testing.assert_array_equal(np.isnan(values[:, 1]), [False, True, False])
    assert values[2, 1:4].tolist() == [2023, 12, 24]


def test_a_stray_word_of_fit_is_missing_and_said():
    column = pd.Series([*pd.date_range("2024-01-01", periods=40).astype(str), "Stand: heute"])
    with pytest.warns(ColumnWarning, match="'z' is read as dates.*'Stand: heute'"):
        learned = learn_column(column, "z")
    assert np.isnan(learned.encode(pd.Series(["Stand: heute"]), "z")).all()
    with pytest.raises(TabTransferError, match="'soon'"):
        learned.encode(pd.Series(["soon"]), "z")


def test_first_days_of_months_are_read_day_first_and_what_is_guessed_is_said():
    first = [f"01/{month:02d}/{year}" for year in (2019, 2020) for month in range(1, 13)]
    with pytest.warns(ColumnWarning, match=r"'z' can be read.*day first. Where.*'%m/%d/%Y'"):
        learned = learn_column(pd.Series(first), "z")
    assert learned.encode(pd.Series(["13/02/2020"]), "z")[0, 1:4].tolist() == [2020, 2, 13]
    american = [f"{month:02d}/01/{year}" for year in (2019, 2020) for month in range(1, 13)]
    with pytest.warns(ColumnWarning, match="month first"):
        assert str(learn_column(pd.Series(american), "z").format) == "%m/%d/%Y"


def test_dates_that_can_be_told_are_not_talked_about():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learn_column(pd.Series(["13/05/2024", "01/02/2024"]), "z")
        learn_column(pd.Series(["2024-05-01", "2024-02-01"]), "z")
        learn_column(pd.Series(["05/05/2024", "02/02/2024"]), "z")


@pytest.mark.parametrize(
    "strings",
    [
        ["2021-03", "2020-11", "2021-1"],
        ["03/2021", "11/2020", "01/2021"],
        ["Mar 2021", "November 2020", "2021-01"],
        ["2021-March", "2020-Nov", "Jan-2021"],
    ],
)
def test_months_are_dates(strings):
    column = pd.Series([*strings, "?", None])
    values = learn_column(column, "z").encode(column, "z")
    assert values[:3, 1:3].tolist() == [[2021, 3], [2020, 11], [2021, 1]]
    assert np.isnan(values[3:]).all()


@pytest.mark.parametrize(
    "strings", [["2021Q1", "2020Q4"], ["2021-q1", "Q4 2020"], ["Q1/2021", "2020 Q4"]]
)
def test_quarters_are_dates(strings):
    column = pd.Series(strings)
    learned = learn_column(column, "z")
    assert learned.encode(column, "z")[:, 1:3].tolist() == [[2021, 1], [2020, 10]]
    later = pd.Series(["2022Q3"])
    assert learned.encode(later, "z")[0, 1:3].tolist() == [2022, 7]


def test_weeks_and_days_of_the_week_are_read():
    weeks = learn_column(pd.Series(["2021-W05", "2020W53"]), "z")
    found = weeks.encode(pd.Series(["2021-W05", "2020W53"]), "z")
    assert found[:, 1:4].tolist() == [[2021, 2, 1], [2020, 12, 28]]
    days = pd.Series(["Mon, 13 May 2024", "Sun, 24 Dec 2023"])
    assert learn_column(days, "z").encode(days, "z")[:, 1:4].tolist() == [
        [2024, 5, 13],
        [2023, 12, 24],
    ]


def test_each_cell_is_read_by_the_format_that_it_fits():
    column = pd.Series(
        ["2024-05-13", "13.06.2024", "2024-05-13 07:30:00", "13/07/2024", "May 3, 2024"]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learned = learn_column(column, "z")
    values = learned.encode(column, "z")
    assert values[:, 2:4].tolist() == [[5, 13], [6, 13], [5, 13], [7, 13], [5, 3]]
    assert values[2, 4] == 7
    assert learned.encode(pd.Series(["02.03.2024"]), "z")[0, 2:4].tolist() == [3, 2]


def test_cells_that_tell_day_and_month_tell_it_of_cells_of_another_format():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        learned = learn_column(pd.Series(["13/07/2024", "02.03.2024", "01.02.2024"]), "z")
    assert learned.encode(pd.Series(["02.03.2024"]), "z")[0, 2:4].tolist() == [3, 2]


def test_both_orders_in_a_column_are_read_and_what_cannot_be_told_is_said():
    column = pd.Series(["13/02/2020", "02/14/2020", "25/12/2020", "03/04/2020"])
    with pytest.warns(ColumnWarning, match="day first or month first.*'03/04/2020'.*day first"):
        learned = learn_column(column, "z")
    values = learned.encode(column, "z")
    assert values[:, 2:4].tolist() == [[2, 13], [2, 14], [12, 25], [4, 3]]
    with pytest.warns(ColumnWarning, match="'03/04/2021'.*month first.*pass dates instead"):
        learn_column(pd.Series(["2020-01-02", "03/04/2021", "05-06-2021"]), "z")
