import pandas as pd

from tabtransfer.datasets.suites import load_table


def test_penguins_keep_their_missing_values():
    table = load_table("penguins")
    assert table.X["sex"].isna().sum() == 11
    assert table.X["body_mass_g"].isna().sum() == 2
    assert table.y.value_counts().to_dict() == {"Adelie": 152, "Gentoo": 124, "Chinstrap": 68}


def test_cars_have_years_and_gaps():
    X = load_table("cars").X
    assert (X["Year"].min(), X["Year"].max()) == (1970, 1982)
    assert X["Miles_per_Gallon"].isna().sum() == 8
    assert X["Horsepower"].isna().sum() == 6
    assert all(pd.api.types.is_numeric_dtype(dtype) for dtype in X.dtypes)


def test_phishing_signs_are_categories_of_few_levels():
    X = load_table("phishing").X
    assert X["ip_in_url"].dtype == bool
    assert list(X["https"].cat.categories) == ["0.0", "0.5", "1.0"]


def test_germancredit_reads_none_as_a_category():
    table = load_table("germancredit")
    assert set(table.X["telephone"].cat.categories) == {
        "none",
        "yes, registered under the customers name",
    }
    assert table.y.value_counts().to_dict() == {"good": 700, "bad": 300}


def test_image_segments_are_balanced():
    assert set(load_table("image_segments").y.value_counts()) == {330}
