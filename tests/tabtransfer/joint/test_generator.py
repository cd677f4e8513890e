import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from tabtransfer import TabTransferError, TabTransferGenerator


@pytest.fixture(scope="module")
def holed(table):
    return table.assign(often=table["size"].where(table["sign"] == "plus"))


@pytest.fixture(scope="module")
def generator(holed):
    return TabTransferGenerator(1, n_orders=1, random_state=0).fit(holed)


@pytest.fixture(scope="module")
def rows(generator):
    return generator.sample(60)


@pytest.mark.slow
@parametrize_with_checks([TabTransferGenerator(1, n_orders=1)])
def test_scikit_learn_checks(estimator, check, regression_checkpoint):
    check(estimator.set_params(checkpoint=regression_checkpoint))


def test_rows_look_like_the_table(rows, holed):
    assert rows.dtypes.equals(holed.dtypes) and list(rows) == list(holed)
    for name in ("size", "double", "whole", "day"):
        assert rows[name].between(holed[name].min(), holed[name].max()).all()
    assert (rows["day"] == rows["day"].dt.normalize()).all()
    assert abs((rows["sign"] == "plus").mean() - (holed["sign"] == "plus").mean()) < 0.2
    assert abs(rows["often"].isna().mean() - holed["often"].isna().mean()) < 0.2


def test_columns_go_together(rows):
    assert rows["size"].corr(rows["double"]) > 0.9
    assert ((rows["size"] > 0) == (rows["sign"] == "plus")).mean() > 0.85
    assert (rows["often"].isna() == (rows["sign"] == "minus")).mean() > 0.85


def test_no_row_is_a_copy(rows, holed):
    assert len(rows.merge(holed, how="inner")) == 0


def test_same_seed_same_rows(generator, holed):
    first = generator.sample(3)
    assert generator.sample(3).equals(first)
    other = TabTransferGenerator(1, n_orders=1, random_state=1).fit(holed).sample(3)
    assert not other.equals(first)


def test_conditions_hold_and_tell_of_other_columns(generator):
    rows = generator.sample(12, conditions={"sign": "minus", "flag": False})
    assert set(rows["sign"]) == {"minus"} and not rows["flag"].any()
    assert (rows["size"] < 0.2).mean() > 0.8


def test_rows_are_more_alike_when_it_is_cold(generator):
    cold = generator.sample(20, conditions={"size": 0.3}, temperature=0.1)
    warm = generator.sample(20, conditions={"size": 0.3})
    assert cold["double"].std() < warm["double"].std()


def test_arrays_and_polars_come_out_as_they_came_in(holed, regression_checkpoint):
    generator = TabTransferGenerator(1, checkpoint=regression_checkpoint, n_orders=1)
    numbers = holed[["size", "double"]].to_numpy()
    found = generator.fit(numbers).sample(3)
    assert isinstance(found, np.ndarray) and found.shape == (3, 2) and found.dtype == float
    given = pl.from_pandas(holed)
    assert generator.fit(given).sample(3).schema == given.schema


def test_copies_are_left_where_there_is_nothing_else(regression_checkpoint):
    frame = pd.DataFrame({"a": ["x", "y"], "b": ["u", "v"]})
    generator = TabTransferGenerator(1, checkpoint=regression_checkpoint, random_state=0).fit(frame)
    with pytest.warns(UserWarning, match="equal training rows"):
        assert len(generator.sample(2, conditions={"a": "x", "b": "u"})) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be"),
        ({"n": 1, "temperature": 0.0}, "temperature"),
        ({"n": 1, "conditions": {"sing": "plus"}}, "Did you mean 'sign'"),
        ({"n": 1, "conditions": {"sign": "zero"}}, "no cell like 'zero'"),
    ],
)
def test_samples_that_cannot_be_drawn_are_refused(generator, arguments, message):
    with pytest.raises(TabTransferError, match=message):
        generator.sample(**arguments)
