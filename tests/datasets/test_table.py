import dataclasses

import pandas as pd
import pytest

from tabtransfer.datasets.builtin import TABLES
from tabtransfer.datasets.table import TableSource, categorical_columns
from tabtransfer.errors import TabTransferError


def test_columns_of_text_categories_and_booleans_are_categorical():
    X = pd.DataFrame(
        {
            "int": [1, 2],
            "nullable float": pd.array([1.5, None], dtype="Float64"),
            "numbers as objects": pd.Series([1, None], dtype=object),
            "text": ["a", None],
            "mixed": pd.Series([1, "a"], dtype=object),
            "category": pd.Categorical([1, 2]),
            "bool": [True, False],
            "nullable bool": pd.array([True, None], dtype="boolean"),
            "bools as objects": pd.Series([True, None], dtype=object),
        }
    )
    assert categorical_columns(X) == [
        "text",
        "mixed",
        "category",
        "bool",
        "nullable bool",
        "bools as objects",
    ]


def test_a_missing_package_is_named_with_the_way_out():
    metadata = dataclasses.replace(TABLES[0].metadata, name="elsewhere", package="no-such-package")
    with pytest.raises(TabTransferError) as raised:
        TableSource(metadata, TABLES[0].read).load()
    message = str(raised.value)
    assert "'elsewhere'" in message
    assert "no-such-package" in message
    assert 'pip install "tabtransfer[tables]"' in message
    assert metadata.source == "no-such-package (not installed)"


@pytest.mark.parametrize("field", ["task", "kind"])
def test_a_card_refuses_an_unknown_task_or_kind(field):
    with pytest.raises(TabTransferError, match="ranking"):
        dataclasses.replace(TABLES[0].metadata, **{field: "ranking"})


def test_the_source_names_the_installed_version():
    import sklearn

    assert TABLES[0].metadata.source == f"scikit-learn {sklearn.__version__}"
