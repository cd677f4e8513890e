import numpy as np
import pytest
import torch

from tabtransfer.inference.predict import task_batch
from tabtransfer.preprocessing.encoder import TableEncoder


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_numbers_take_the_type_of_the_values_and_classes_stay(dtype):
    table = TableEncoder().fit(np.arange(4.0)[:, None]).transform(np.arange(4.0)[:, None])
    numbers = task_batch(table, np.arange(4.0), table, 0, dtype)
    classes = task_batch(table, np.arange(4), table, 4, dtype)
    assert numbers.is_regression and numbers.labels.dtype is dtype
    assert not classes.is_regression and classes.labels.dtype is torch.int64
    assert numbers.labels[0].tolist() == [0.0, 1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 0.0]
