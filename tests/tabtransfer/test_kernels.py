import pytest
import torch

from tabtransfer import kernels
from tabtransfer.cells import describe_cells
from tabtransfer.kernels import leave_one_out, predict_by_kernels
from tabtransfer.tasks import TaskBatch

N_TRAIN, N_ROWS = 12, 16
RIDGE = 0.3


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def similarity(n_rows=N_ROWS, n_train=N_TRAIN, seed=0):
    places = random(n_rows, 3, seed=seed)
    return torch.cdist(places, places[:n_train]).neg().exp()


def solve(kernel, labels, kept):
    """Ridge regression written out, on some training rows."""
    square = kernel[kept][:, kept]
    dual = torch.linalg.solve(square + RIDGE * torch.eye(len(kept)), labels[kept])
    return kernel[:, kept] @ dual


def make_batch(values, labels, categorical, n_classes=2):
    values = torch.as_tensor(values, dtype=torch.float64)[None]
    return TaskBatch(
        values=values.nan_to_num(),
        missing=values.isnan(),
        categorical=torch.tensor([categorical]),
        labels=torch.as_tensor(labels)[None],
        n_train=N_TRAIN,
        n_columns=torch.tensor([values.shape[-1]]),
        n_classes=torch.tensor([n_classes]),
    )


def predict(batch, n_classes=2):
    labels = torch.nn.functional.one_hot(batch.labels[:, :N_TRAIN], n_classes).double()
    return predict_by_kernels(batch, describe_cells(batch, labels), labels)[0].unflatten(
        -1, (kernels.N_KERNELS, n_classes)
    )


def test_predictions_equal_those_of_a_fit_without_the_row():
    kernel, labels = similarity(), random(N_TRAIN, 2, seed=1)
    predicted = leave_one_out(kernel[None], labels[None], torch.ones(1, N_TRAIN), RIDGE)[0]
    everyone = list(range(N_TRAIN))
    torch.testing.assert_close(predicted[N_TRAIN:], solve(kernel, labels, everyone)[N_TRAIN:])
    for row in everyone:
        others = [other for other in everyone if other != row]
        torch.testing.assert_close(predicted[row], solve(kernel, labels, others)[row])


def test_a_weight_of_two_equals_the_row_twice():
    kernel, labels = similarity(), random(N_TRAIN, 1, seed=1)
    weights = torch.ones(1, N_TRAIN, dtype=torch.float64)
    weights[0, 3] = 2.0
    weighted = leave_one_out(kernel[None], labels[None], weights, RIDGE)[0]
    rows = [*range(N_TRAIN), 3, *range(N_TRAIN, N_ROWS)]
    columns = [*range(N_TRAIN), 3]
    twice = kernel[rows][:, columns]
    ones = torch.ones(1, len(columns), dtype=torch.float64)
    repeated = leave_one_out(twice[None], labels[columns][None], ones, RIDGE)[0]
    torch.testing.assert_close(repeated, weighted[rows])


def test_blocks_average_their_own_fits(monkeypatch):
    monkeypatch.setattr(kernels, "BLOCK_ROWS", 6)
    n_train = 11  # two blocks, of six and of five rows
    kernel, labels = similarity(14, n_train), random(n_train, 1, seed=1)
    ones = torch.ones(1, n_train, dtype=torch.float64)
    predicted = leave_one_out(kernel[None], labels[None], ones, RIDGE)[0]
    even, odd = list(range(0, n_train, 2)), list(range(1, n_train, 2))
    of_even, of_odd = (solve(kernel, labels, rows) for rows in (even, odd))
    torch.testing.assert_close(predicted[n_train:], (of_even + of_odd)[n_train:] / 2)
    without = solve(kernel, labels, [row for row in even if row != 4])
    torch.testing.assert_close(predicted[4], (without[4] + of_odd[4]) / 2)


@pytest.mark.parametrize("kind", ["numbers", "categories"])
def test_labels_that_a_column_tells_are_predicted(kind):
    labels = torch.arange(N_ROWS) % 2
    column = labels.double() if kind == "categories" else labels + 0.1 * random(N_ROWS)
    batch = make_batch(column[:, None], labels, [kind == "categories"])
    predicted = predict(batch)[..., 1]  # of the second class, (r, kernels)
    assert (predicted[labels == 1] > 0.4).all()
    assert (predicted[labels == 0] < -0.4).all()


def test_a_kernel_trusts_columns_that_correlate_with_the_labels():
    labels = torch.arange(N_ROWS) % 2
    noise = random(N_ROWS, 20, seed=2)
    values = torch.cat([labels[:, None] + 0.1 * random(N_ROWS, 1), noise], 1)
    predicted = predict(make_batch(values, labels, [False] * 21))[N_TRAIN:, :, 1]
    right = predicted * (2.0 * labels[N_TRAIN:, None] - 1.0)
    assert right[:, 2].mean() > right[:, 1].mean() + 0.05


def test_codes_of_categories_and_unseen_ones_do_not_matter():
    labels = torch.arange(N_ROWS) % 2
    codes = torch.arange(N_ROWS) % 3
    batch = make_batch(codes[:, None].double(), labels, [True])
    recoded = make_batch(torch.tensor([7.0, 1.0, 3.0])[codes][:, None], labels, [True])
    torch.testing.assert_close(predict(recoded), predict(batch))
    unseen, missing = codes.double(), codes.double()
    unseen[-1], missing[-1] = 9.0, torch.nan
    first, second = (predict(make_batch(x[:, None], labels, [True])) for x in (unseen, missing))
    # A missing cell is also told by its flag, which never varies in training rows here.
    torch.testing.assert_close(first[:-1], second[:-1])
    assert torch.isfinite(first).all()


def test_constant_columns_and_one_class_stay_finite():
    batch = make_batch(torch.ones(N_ROWS, 2), torch.zeros(N_ROWS, dtype=torch.int64), [True, False])
    assert torch.isfinite(predict(batch)).all()
