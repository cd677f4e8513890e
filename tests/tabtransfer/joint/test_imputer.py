import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from tabtransfer import TabTransferError, TabTransferImputer

HOLES = slice(0, 8)


@pytest.fixture(scope="module")
def holes(table):
    frame = table.astype({"whole": "Int64", "flag": "boolean"})
    for place, name in enumerate(frame):
        frame.loc[place * 10 : place * 10 + 7, name] = None
    return frame


@pytest.fixture(scope="module")
def imputer(holes):
    return TabTransferImputer(1, random_state=0).fit(holes)


@pytest.fixture(scope="module")
def filled(imputer, holes):
    return imputer.transform(holes)


# Whether the checks pass doesn't depend on what the network has learned.
@pytest.mark.slow
@parametrize_with_checks([TabTransferImputer(1)])
def test_scikit_learn_checks(estimator, check, regression_checkpoint):
    check(estimator.set_params(checkpoint=regression_checkpoint))


def test_columns_come_out_as_they_were(holes, filled):
    assert filled.dtypes.equals(holes.dtypes)
    assert not filled.isna().any().any()
    pd.testing.assert_frame_equal(filled.where(holes.notna()), holes)
    assert (filled["day"] == filled["day"].dt.normalize()).all()


def test_cells_follow_from_the_other_columns(table, filled):
    wrong = {name: filled[name] != table[name] for name in ("sign", "flag")}
    assert wrong["sign"].sum() <= 1 and wrong["flag"].sum() <= 2
    off = (filled["double"] - table["double"])[10:18].abs()
    assert off.median() < 0.3
    assert ((filled["day"] - table["day"]).abs()[40:48].median()) < pd.Timedelta(days=15)


@pytest.mark.slow
def test_draws_are_the_seeds_and_differ_from_the_best_value(holes, filled):
    drawn = [
        TabTransferImputer(1, values="drawn", random_state=seed).fit_transform(holes)["size"]
        for seed in (0, 0, 1)
    ]
    assert drawn[0].equals(drawn[1])
    assert not drawn[0].equals(drawn[2]) and not drawn[0].equals(filled["size"])


def test_rows_are_filled_in_alone_as_among_others(imputer, holes, filled):
    alone = imputer.transform(holes[3:4])
    pd.testing.assert_frame_equal(alone, filled[3:4], rtol=1e-9)


def test_frames_of_polars_and_arrays_come_out_as_they_came_in(imputer, holes, filled):
    numbers = holes[["size", "double"]].to_numpy(np.float64)
    again = clone(imputer)
    out = again.fit_transform(numbers)
    assert isinstance(out, np.ndarray) and out.dtype == np.float64 and not np.isnan(out).any()
    given = pl.from_pandas(holes)
    found = again.fit_transform(given)
    assert found.schema == given.schema
    assert found["sign"].to_list() == filled["sign"].tolist()


def test_indicators_have_names(holes):
    imputer = TabTransferImputer(1, add_indicator=True, random_state=0)
    frame = holes[["size", "double"]].assign(sure=1.0)
    found = imputer.fit_transform(frame)
    names = ["size", "double", "sure", "missingindicator_size", "missingindicator_double"]
    assert list(found) == names == imputer.get_feature_names_out().tolist()
    assert found["missingindicator_double"].tolist() == frame["double"].isna().tolist()
    arrays = imputer.set_output(transform="pandas").fit_transform(frame.to_numpy())
    assert list(arrays)[-1] == "missingindicator_x1"


def test_columns_without_two_cells():
    frame = pd.DataFrame({"one": ["a", None, "a"], "none": [None] * 3, "x": [1.0, 2.0, None]})
    filled = TabTransferImputer(1, random_state=0).fit_transform(frame)
    assert filled["one"].tolist() == ["a"] * 3
    assert filled["none"].isna().all() and filled["x"].notna().all()


def test_little_memory_is_enough_and_progress_is_shown(holes, regression_checkpoint, capsys):
    imputer = TabTransferImputer(
        1, checkpoint=regression_checkpoint, memory_limit=2**24, verbose=True, random_state=0
    )
    assert imputer.fit_transform(holes[["size", "sign"]]).notna().all().all()
    assert "filling in" in capsys.readouterr().err


def test_dates_and_prices_in_words_come_out_as_words(table, regression_checkpoint):
    frame = pd.DataFrame(
        {
            "size": table["size"],
            "day": table["day"].dt.strftime("%d.%m.%Y"),
            "price": [f"{50 + 3 * number:.2f} €" for number in table["size"]],
        }
    )
    known = frame.copy()
    frame.loc[:5, ["day", "price"]] = None
    filled = TabTransferImputer(1, checkpoint=regression_checkpoint).fit_transform(frame)
    assert filled["day"].isin(known["day"]).all() and filled["price"].isin(known["price"]).all()


def test_a_pipeline(table, holes):
    model = make_pipeline(TabTransferImputer(1, random_state=0), LogisticRegression())
    numbers = holes[["size", "double"]]
    assert model.fit(numbers, table["sign"]).score(numbers, table["sign"]) > 0.9


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"values": "mean"}, "'best' or 'drawn'"), ({"n_estimators": None}, "n_estimators")],
)
def test_parameters_that_mean_nothing_are_refused(parameters, message):
    with pytest.raises(TabTransferError, match=message):
        TabTransferImputer(**parameters).fit([[1.0], [2.0]])
