import numpy as np
import pandas as pd
import pytest

from tabtransfer.table_files.task import choose_task


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (["a", "b"] * 9, "classification"),
        ([f"word {i}" for i in range(100)], "classification"),
        ([True, False], "classification"),
        (pd.Categorical([1, 2, 3]), "classification"),
        ([0.0, 1.0], "classification"),
        ([1, 2, 3, 4, 5] * 20, "classification"),
        (np.arange(200) % 20, "classification"),
        (np.arange(200) % 21, "regression"),
        (np.arange(10), "regression"),
        ([0.5, 1.0] * 50, "regression"),
        (np.linspace(0, 1, 50), "regression"),
    ],
    ids=str,
)
def test_the_task_is_the_one_people_expect(target, task):
    assert choose_task(pd.Series(target))[0] == task
