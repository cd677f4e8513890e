import numpy as np
import pytest
import torch

from tabtransfer.network import kernels, ridge
from tabtransfer.network.cells import ColumnStatistics
from tabtransfer.network.copies import LeftOut
from tabtransfer.network.kernels import KernelRidge
from tabtransfer.network.laplace import LaplaceRidge
from tabtransfer.network.ridge import products, solve, solve_dual, solve_linear
from tabtransfer.tasks import TaskBatch

N_TRAIN, N_ROWS = 12, 16
RIDGE = 0.3


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def laplace(rows, others):
    return torch.cdist(rows, others).neg().exp()


def solve_again(kernel, labels, kept):
    """Ridge regression written out, on some training rows."""
    square = kernel[kept][:, kept]
    dual = torch.linalg.solve(square + RIDGE * torch.eye(len(kept)), labels[kept])
    return kernel[:, kept] @ dual


def solve_once(places, labels, weights=None, copies=None):
    """Predictions of training rows, then of the rows beyond them."""
    n_train = len(labels)
    weights = torch.ones(n_train) if weights is None else weights
    train = places[None, :n_train]
    dual, own = solve(laplace, train, labels[None], weights[None].double(), RIDGE, copies)
    return torch.cat([own, laplace(places[None, n_train:], train) @ dual], 1)[0]


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
    (known, query), (hidden, beyond) = (
        x.split([N_TRAIN, N_ROWS - N_TRAIN], 1) for x in (batch.values, batch.missing)
    )
    columns = ColumnStatistics.of(batch, labels)
    fitted, own = KernelRidge.of(
        batch, columns.describe(known, hidden, LeftOut.of(batch, labels)), labels
    )
    predicted = torch.cat([own, fitted.predict(query, columns.describe(query, beyond))], 1)[0]
    return predicted.unflatten(-1, (kernels.N_KERNELS, n_classes))


def test_predictions_equal_those_of_a_fit_without_the_row():
    places, labels = random(N_ROWS, 3), random(N_TRAIN, 2, seed=1)
    kernel, predicted = laplace(places, places), solve_once(places, labels)
    everyone = list(range(N_TRAIN))
    whole = solve_again(kernel, labels, everyone)
    torch.testing.assert_close(predicted[N_TRAIN:], whole[N_TRAIN:])
    for row in everyone:
        others = [other for other in everyone if other != row]
        torch.testing.assert_close(predicted[row], solve_again(kernel, labels, others)[row])


def test_a_weight_of_two_equals_the_row_twice():
    places, labels = random(N_ROWS, 3), random(N_TRAIN, 1, seed=1)
    weights = torch.ones(N_TRAIN)
    weights[3] = 2.0
    weighted = solve_once(places, labels, weights)
    rows = [*range(N_TRAIN), 3, *range(N_TRAIN, N_ROWS)]
    repeated = solve_once(places[rows], labels[rows[: N_TRAIN + 1]])
    torch.testing.assert_close(repeated, weighted[rows])


def test_rows_of_equal_cells_are_left_out_together():
    places, labels = random(N_ROWS, 3), random(N_TRAIN, 1, seed=1)
    places[[4, 7]] = places[2].clone()
    copies = torch.arange(N_TRAIN)
    copies[[4, 7]] = 2
    kernel, predicted = laplace(places, places), solve_once(places, labels, copies=copies[None])
    for row in range(N_TRAIN):
        others = [other for other in range(N_TRAIN) if copies[other] != copies[row]]
        torch.testing.assert_close(predicted[row], solve_again(kernel, labels, others)[row])


def test_blocks_average_their_own_fits(monkeypatch):
    monkeypatch.setattr(ridge, "BLOCK_ROWS", 6)
    n_train = 11  # two blocks, of six and of five rows
    places, labels = random(14, 3), random(n_train, 1, seed=1)
    kernel, predicted = laplace(places, places), solve_once(places, labels)
    even, odd = list(range(0, n_train, 2)), list(range(1, n_train, 2))
    of_even, of_odd = (solve_again(kernel, labels, rows) for rows in (even, odd))
    torch.testing.assert_close(predicted[n_train:], (of_even + of_odd)[n_train:] / 2)
    without = solve_again(kernel, labels, [row for row in even if row != 4])
    torch.testing.assert_close(predicted[4], (without[4] + of_odd[4]) / 2)


@pytest.mark.parametrize("block_rows", [40, 20, 15])
@pytest.mark.parametrize("leaves_copies_out", [True, False])
def test_few_features_are_solved_for_in_their_place(monkeypatch, block_rows, leaves_copies_out):
    monkeypatch.setattr(ridge, "BLOCK_ROWS", block_rows)
    features, labels = random(2, 40, 4), random(2, 40, 3, seed=1)
    weights = random(2, 40, seed=2).square()
    copies = None
    if leaves_copies_out:
        features[:, 30:] = features[:, :10].clone()
        copies = (torch.arange(40) % 30).expand(2, -1)
    asked = features, labels, weights, RIDGE, copies
    monkeypatch.setattr(ridge, "_system", None)  # of rows, which it does without
    found = solve_linear(*asked)
    monkeypatch.undo()
    monkeypatch.setattr(ridge, "BLOCK_ROWS", block_rows)
    torch.testing.assert_close(found, solve(products, *asked))


@pytest.mark.parametrize("block_rows", [40, 15])
def test_the_dual_alone_is_the_same(monkeypatch, block_rows):
    monkeypatch.setattr(ridge, "BLOCK_ROWS", block_rows)
    asked = laplace, random(2, 40, 4), random(2, 40, 3, seed=1), random(2, 40).square(), RIDGE
    torch.testing.assert_close(solve_dual(*asked), solve(*asked)[0])


@pytest.mark.parametrize("kind", ["numbers", "categories"])
def test_labels_that_a_column_tells_are_predicted(kind):
    labels = torch.arange(N_ROWS) % 2
    column = labels.double() if kind == "categories" else labels + 0.1 * random(N_ROWS)
    batch = make_batch(column[:, None], labels, [kind == "categories"])
    predicted = predict(batch)[..., 1]  # of the second class, (r, kernels)
    assert (predicted[labels == 1] > 0.4).all()
    assert (predicted[labels == 0] < -0.4).all()


def test_each_block_leaves_out_its_copies(monkeypatch):
    monkeypatch.setattr(ridge, "BLOCK_ROWS", 6)
    n_train = 11  # two blocks, of every other row each
    places, labels = random(14, 3), random(n_train, 1, seed=1)
    places[[8, 10]] = places[6].clone()
    copies = torch.arange(n_train)
    copies[[8, 10]] = 6
    kernel = laplace(places, places)
    predicted = solve_once(places, labels, copies=copies[None])
    even, odd = list(range(0, n_train, 2)), list(range(1, n_train, 2))
    of_odd = solve_again(kernel, labels, odd)
    for row in even:
        others = [other for other in even if copies[other] != copies[row]]
        expected = (solve_again(kernel, labels, others)[row] + of_odd[row]) / 2
        torch.testing.assert_close(predicted[row], expected)


@pytest.mark.parametrize("n_rows", [12, 13, 14, 17])
def test_copies_are_dealt_to_one_block(monkeypatch, n_rows):
    monkeypatch.setattr(ridge, "BLOCK_ROWS", 6)
    copies = np.random.default_rng(n_rows).permutation(np.arange(n_rows) // 2)
    order = ridge.deal_together(copies)
    assert sorted(order) == list(range(n_rows))
    dealt = ridge.blocks(torch.from_numpy(copies[order])[None, :, None])[0, ..., 0]
    held = [set(block[block > 0].tolist()) for block in dealt]  # padded with 0
    spread = sum(len(block) for block in held) - len(set.union(*held))
    assert spread <= len(held) - 1  # blocks of odd sizes can't be filled with pairs


def test_more_copies_than_a_block_holds_fill_several(monkeypatch):
    monkeypatch.setattr(ridge, "BLOCK_ROWS", 6)
    copies = np.array([0, 1] * 7 + [1])
    order = ridge.deal_together(copies)
    assert sorted(order) == list(range(15))
    dealt = ridge.blocks(torch.from_numpy(copies[order])[None, :, None])[0, ..., 0]
    assert sum(bool((block == 0).any()) for block in dealt) == 2


def test_a_kernel_trusts_columns_that_correlate_with_the_labels():
    labels = torch.arange(N_ROWS) % 2
    noise = random(N_ROWS, 20, seed=2)
    values = torch.cat([labels[:, None] + 0.1 * random(N_ROWS, 1), noise], 1)
    predicted = predict(make_batch(values, labels, [False] * 21))[N_TRAIN:, :, 1]
    right = predicted * (2.0 * labels[N_TRAIN:, None] - 1.0)
    assert right[:, 2].mean() > right[:, 1].mean() + 0.05


def gradients(fit, rows):
    """Of the first label channel, by automatic differentiation."""
    rows = rows.clone().requires_grad_()
    apart = (rows[:, :, None] * fit.scale[:, None] - fit.features[:, None]).square().sum(-1)
    apart = torch.where(apart > 1e-12, apart, 0.0).clamp(min=1e-24).sqrt()
    (apart.neg().exp() @ fit.dual)[..., 0].sum().backward()
    return rows.grad


def test_slopes_are_the_mean_squared_gradients():
    features, labels = random(1, N_TRAIN, 3), random(1, N_TRAIN, 1, seed=1)
    weights = torch.ones(1, N_TRAIN, dtype=torch.float64)
    fit, _ = LaplaceRidge.of(features, features.new_ones(1, 1, 3), labels, weights)
    expected = gradients(fit, features).square().mean(1, keepdim=True)
    torch.testing.assert_close(fit._slopes(weights), expected, rtol=1e-5, atol=1e-9)


def test_a_learned_metric_finds_columns_that_matter_together_alone():
    values = random(200, 6)
    labels = (values[:, :1] * values[:, 1:2]).sign()[None]  # no column correlates with it
    weights = torch.ones(1, 150, dtype=torch.float64)
    scale = values.new_ones(1, 1, 6)
    plain, _ = LaplaceRidge.of(values[None, :150], scale, labels[:, :150], weights)
    learned, own = plain.with_learned_metric(values[None, :150], labels[:, :150], weights)
    assert learned.scale[0, 0, :2].min() > 2.0 * learned.scale[0, 0, 2:].max()
    right = [
        float((fit.predict(values[None, 150:]) * labels[:, 150:]).mean())
        for fit in (plain, learned)
    ]
    assert right[1] > right[0] + 0.1
    assert float((own * labels[:, :150]).mean()) == pytest.approx(right[1], abs=0.1)


def learned(features, labels, weights):
    plain, _ = LaplaceRidge.of(features, features.new_ones(1, 1, 3), labels, weights)
    return plain.with_learned_metric(features, labels, weights)[0]


def test_a_learned_metric_counts_weights_as_rows():
    values, labels = random(N_TRAIN, 3), random(N_TRAIN, 1, seed=1)
    weights = torch.ones(N_TRAIN, dtype=torch.float64)
    weights[3] = 2.0
    rows = [*range(N_TRAIN), 3]
    once = learned(values[None], labels[None], weights[None])
    twice = learned(values[None, rows], labels[None, rows], weights.new_ones(1, N_TRAIN + 1))
    places = random(1, 5, 3, seed=2)
    torch.testing.assert_close(once.predict(places), twice.predict(places))


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
    unseen[-1] = 10.0
    torch.testing.assert_close(predict(make_batch(unseen[:, None], labels, [True])), first)


def test_constant_columns_and_one_class_stay_finite():
    batch = make_batch(torch.ones(N_ROWS, 2), torch.zeros(N_ROWS, dtype=torch.int64), [True, False])
    assert torch.isfinite(predict(batch)).all()
