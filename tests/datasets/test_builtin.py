import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris

from tabtransfer.datasets.suites import load_table


@pytest.mark.parametrize(
    "name, load",
    [("iris", load_iris), ("breast_cancer", load_breast_cancer), ("digits", load_digits)],
)
def test_labels_are_the_names_of_the_target(name, load):
    bunch = load()
    table = load_table(name)
    assert (table.X.to_numpy() == bunch.data).all()
    assert table.y.tolist() == [str(label) for label in bunch.target_names[bunch.target]]


def test_diabetes_is_in_its_original_units():
    table = load_table("diabetes")
    assert table.X["age"].between(19, 79).all()
    assert list(table.X["sex"].cat.categories) == ["1", "2"]
    assert table.y.tolist() == load_diabetes().target.tolist()
