import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

from tabtransfer.inference import memory
from tabtransfer.inference import predict as inference
from tabtransfer.inference.ensemble import (
    ClassificationEnsemble,
    ClassificationMember,
    RegressionEnsemble,
    build_ensemble,
)
from tabtransfer.inference.many_classes import class_tree
from tabtransfer.network.quantiles import pinball_loss
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.labelled_table import LabelledTable
from tabtransfer.preprocessing.target_scale import TargetScale


def make_task(n_rows=60, n_classes=3, n_columns=4):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, n_columns))
    X[rng.random(X.shape) < 0.1] = np.nan
    table = TableEncoder().fit(X).transform(X)
    return table, np.arange(n_rows) % n_classes


def build(network, n_rows=60, n_classes=3, n_members=2, max_context_rows=4096, n_columns=4):
    table, labels = make_task(n_rows, n_classes, n_columns)
    return build_ensemble(
        LabelledTable(table, labels, n_classes),
        network.config,
        n_members,
        max_context_rows,
        np.random.default_rng(0),
    )


def test_probabilities_sum_to_one_and_depend_on_the_row(make_network):
    network = make_network()
    ensemble = build(network)
    probabilities = ensemble.probabilities(network, ensemble.training.table)
    np.testing.assert_allclose(probabilities.sum(1), 1.0)
    assert np.ptp(probabilities, axis=0).max() > 1e-2


def test_of_many_classes_those_without_rows_have_probability_zero(make_network):
    network, (table, labels) = make_network(), make_task(n_classes=23)
    for n_seen in (1, 2, 5, 12):
        training = LabelledTable(table, labels % n_seen + 9, 23)
        ensemble = build_ensemble(training, network.config, 2, 4096, np.random.default_rng(0))
        probabilities = ensemble.probabilities(network, table)
        np.testing.assert_allclose(probabilities.sum(1), 1.0)
        assert set(np.flatnonzero(probabilities.any(0))) == set(training.labels)


@pytest.mark.parametrize("n_classes", [3, 23])
def test_a_row_alone_equals_the_row_among_others(make_network, n_classes):
    network = make_network()
    ensemble = build(network, n_classes=n_classes)
    together = ensemble.probabilities(network, ensemble.training.table)
    alone = [
        ensemble.probabilities(network, ensemble.training.table.take([row])) for row in range(10)
    ]
    np.testing.assert_allclose(np.concatenate(alone), together[:10], rtol=0, atol=1e-11)


def test_rows_alone_and_in_chunks_agree_in_float32(make_network, monkeypatch):
    network = make_network()
    monkeypatch.setattr(inference, "DOUBLE_CELLS", 0)
    ensemble = build(network)
    ensemble.read(network)
    together = ensemble.probabilities(network, ensemble.training.table)
    for rows in ([3], [59, 1], list(range(20, 45))):
        some = ensemble.probabilities(network, ensemble.training.table.take(np.array(rows)))
        np.testing.assert_allclose(some, together[rows], rtol=0, atol=1e-6)
    monkeypatch.setattr(memory, "CHUNK_BYTES", 1)
    chunked = ensemble.probabilities(network, ensemble.training.table)
    np.testing.assert_allclose(chunked, together, rtol=0, atol=1e-6)


def test_large_contexts_use_float32_and_agree_with_float64(make_network, monkeypatch):
    network = make_network()
    ensemble = build(network)
    exact = ensemble.probabilities(network, ensemble.training.table)
    monkeypatch.setattr(inference, "DOUBLE_CELLS", 60 * 4 - 1)
    assert ensemble.dtype is torch.float32
    close = ensemble.probabilities(network, ensemble.training.table)
    np.testing.assert_allclose(close, exact, atol=1e-4)
    assert not np.array_equal(close, exact)


def test_chunks_of_query_rows_change_nothing(make_network, monkeypatch):
    network = make_network()
    ensemble = build(network)
    whole = ensemble.probabilities(network, ensemble.training.table)
    sizes = []
    monkeypatch.setattr(memory, "CHUNK_BYTES", 1)  # the fewest rows
    chunked = ensemble.probabilities(network, ensemble.training.table, sizes.append)
    assert sizes == [16, 16, 16, 12] * 2
    np.testing.assert_allclose(chunked, whole, rtol=0, atol=1e-11)


class TestKeptContexts:
    @pytest.mark.parametrize("n_classes", [3, 23])
    def test_they_change_nothing(self, make_network, n_classes):
        network = make_network()
        ensemble = build(network, n_classes=n_classes)
        before = ensemble.probabilities(network, ensemble.training.table)
        read = []
        assert ensemble.read(network, read.append) and len(read) == len(ensemble.tasks())
        np.testing.assert_array_equal(
            ensemble.probabilities(network, ensemble.training.table), before
        )

    def test_they_are_read_once(self, make_network, monkeypatch):
        network = make_network()
        ensemble = build(network)
        ensemble.read(network)
        monkeypatch.setattr(TabularTransformer, "read_context", None)
        assert ensemble.read(network)
        assert np.isfinite(ensemble.probabilities(network, ensemble.training.table)).all()

    def test_another_network_reads_anew(self, make_network):
        network, other = make_network(), make_network(seed=1)
        ensemble = build(network)
        ensemble.read(network)
        fresh = build(network).probabilities(other, ensemble.training.table)
        np.testing.assert_array_equal(ensemble.probabilities(other, ensemble.training.table), fresh)

    def test_copies_and_pickles_leave_them_behind(self, make_network):
        network = make_network()
        ensemble = build(network)
        before = len(pickle.dumps(ensemble))
        ensemble.read(network)
        assert len(pickle.dumps(ensemble)) == before
        copied = copy.deepcopy(ensemble)
        assert not copied._cache.of(network)
        np.testing.assert_array_equal(
            copied.probabilities(network, ensemble.training.table),
            ensemble.probabilities(network, ensemble.training.table),
        )

    def test_contexts_beyond_the_limit_are_not_kept(self, make_network):
        network = make_network()
        ensemble = replace(build(network), memory_limit=100_000)
        assert not ensemble.read(network)
        np.testing.assert_allclose(
            ensemble.probabilities(network, ensemble.training.table),
            build(network).probabilities(network, ensemble.training.table),
            rtol=0,
            atol=1e-11,
        )


def test_members_are_averaged_geometrically(make_network):
    network = make_network()
    ensemble = build(network, n_members=2)
    singles = [
        ClassificationEnsemble(ensemble.training, (member,)).probabilities(
            network, ensemble.training.table
        )
        for member in ensemble.members
    ]
    mean = np.sqrt(singles[0] * singles[1])
    np.testing.assert_allclose(
        ensemble.probabilities(network, ensemble.training.table), mean / mean.sum(1, keepdims=True)
    )


def test_class_order_is_undone(make_network):
    """Labels that say the same in another numbering give the same answers, renumbered."""
    network = make_network()
    table, labels = make_task()
    answers = []
    for order in (np.array([0, 1, 2]), np.array([2, 0, 1])):
        ensemble = build_ensemble(
            LabelledTable(table, labels, 3), network.config, 1, 4096, np.random.default_rng(0)
        )
        member = ensemble.members[0]
        renamed = order[labels]
        tree = class_tree(order[member.tree.classes], 10)
        context = {tree: next(iter(member.context.values()))}
        moved = ClassificationMember(member.view, tree, context)
        answers.append(
            ClassificationEnsemble(LabelledTable(table, renamed, 3), (moved,)).probabilities(
                network, table
            )[:, order]
        )
    np.testing.assert_allclose(answers[0], answers[1])


def test_more_classes_than_outputs_go_through_a_tree(make_network):
    network = make_network(max_classes=3)
    ensemble = build(network, n_classes=20)
    probabilities = ensemble.probabilities(network, ensemble.training.table)
    assert probabilities.shape == (60, 20)
    np.testing.assert_allclose(probabilities.sum(1), 1.0)
    for member in ensemble.members:
        assert len(member.context) > 7
        for node, rows in member.context.items():
            assert set(ensemble.training.labels[rows]) == set(node.classes)


@pytest.mark.parametrize("n_classes", [3, 23])
def test_whole_weights_equal_repeated_rows(make_network, n_classes):
    network = make_network()
    table, labels = make_task(n_classes=n_classes)
    times = np.random.default_rng(1).integers(1, 4, len(labels))
    rows = np.random.default_rng(2).permutation(np.arange(60).repeat(times))
    answers = [
        build_ensemble(
            LabelledTable(shown, known, n_classes, **weights),
            network.config,
            4,
            4096,
            np.random.default_rng(0),
        ).probabilities(network, table)
        for shown, known, weights in (
            (table, labels, {"weights": times.astype(np.float64)}),
            (table.take(rows), labels[rows], {}),
        )
    ]
    np.testing.assert_allclose(*answers, atol=1e-10)


def test_the_precision_follows_the_weight(make_network, monkeypatch):
    network = make_network()
    table, labels = make_task()
    monkeypatch.setattr(inference, "DOUBLE_CELLS", 60 * 4)
    for weight, dtype in ((1.0, torch.float64), (2.0, torch.float32)):
        rng, weights = np.random.default_rng(0), np.full(60, weight)
        training = LabelledTable(table, labels, 3, weights)
        ensemble = build_ensemble(training, network.config, 1, 99, rng)
        assert ensemble.dtype is dtype


def test_one_class_is_certain(make_network):
    network = make_network()
    ensemble = build(network, n_classes=1)
    np.testing.assert_array_equal(
        ensemble.probabilities(network, ensemble.training.table), np.ones((60, 1))
    )


def test_more_rows_than_the_context_are_sampled_by_each_member(make_network):
    network = make_network()
    ensemble = build(network, n_members=3, max_context_rows=20)
    assert ensemble.n_context_rows == 20
    contexts = [next(iter(member.context.values())) for member in ensemble.members]
    assert len({tuple(rows) for rows in contexts}) == 3
    assert np.isfinite(ensemble.probabilities(network, ensemble.training.table)).all()


@pytest.mark.parametrize(
    ("limit", "n_rows", "n_columns"), [(2**30, 600, 4), (2**23, 400, 4), (1, 16, 1)]
)
def test_short_memory_shrinks_rows_then_columns(make_network, limit, n_rows, n_columns):
    network = make_network()
    table, labels = make_task(600)
    rng = np.random.default_rng(0)
    training = LabelledTable(table, labels, 3)
    ensemble = build_ensemble(training, network.config, 2, 4096, rng, memory_limit=limit)
    assert ensemble.n_context_rows == pytest.approx(n_rows, rel=0.3)
    assert {len(member.view.columns) for member in ensemble.members} == {n_columns}
    strategy = "all rows" if n_rows == 600 else "stratified sample per member"
    assert ensemble.context_strategy == strategy
    assert np.isfinite(ensemble.probabilities(network, ensemble.training.table)).all()


def test_the_network_is_not_changed(make_network):
    network = make_network()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    ensemble = build(network)
    ensemble.probabilities(network, ensemble.training.table)
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())


def test_a_network_that_still_learns_is_read_anew(make_network):
    network = make_network().requires_grad_(True)
    ensemble = build(network)
    before = ensemble.probabilities(network, ensemble.training.table)
    with torch.no_grad():
        network.heads["classification"][-1].weight.mul_(2.0)
    assert not np.allclose(ensemble.probabilities(network, ensemble.training.table), before)


def test_the_loss_is_the_log_loss(make_network):
    network = make_network()
    ensemble = build(network)
    own = ensemble.probabilities(network, ensemble.training.table)[
        np.arange(60), ensemble.training.labels
    ]
    found = ensemble.loss(network, ensemble.training)
    assert found == pytest.approx(-np.log(own).mean())
    weights = np.arange(60.0)
    weighted = ensemble.loss(network, replace(ensemble.training, weights=weights))
    assert weighted == pytest.approx(-(weights * np.log(own)).sum() / weights.sum())


class TestNumbers:
    @pytest.fixture
    def network(self, make_network):
        return make_network(tasks=("regression",))

    def build(self, network, targets=None, n_members=2, max_context_rows=4096):
        table, _ = make_task()
        targets = np.random.default_rng(1).lognormal(size=60) if targets is None else targets
        rng = np.random.default_rng(0)
        return build_ensemble(
            LabelledTable(table, targets, 0), network.config, n_members, max_context_rows, rng
        )

    def test_quantiles_ascend_and_depend_on_the_row(self, network):
        ensemble = self.build(network)
        quantiles = ensemble.quantiles(network, ensemble.training.table)
        assert quantiles.shape == (60, 99)
        assert (np.diff(quantiles, axis=1) >= 0).all()
        assert np.ptp(quantiles, axis=0).min() > 1e-2

    def test_a_row_alone_equals_the_row_among_others(self, network):
        ensemble = self.build(network)
        together = ensemble.quantiles(network, ensemble.training.table)
        alone = [
            ensemble.quantiles(network, ensemble.training.table.take([row])) for row in range(5)
        ]
        np.testing.assert_allclose(np.concatenate(alone), together[:5], rtol=0, atol=1e-11)

    def test_members_are_averaged(self, network):
        ensemble = self.build(network)
        singles = [
            RegressionEnsemble(ensemble.training, (member,)).quantiles(
                network, ensemble.training.table
            )
            for member in ensemble.members
        ]
        assert not np.allclose(singles[0], singles[1])
        np.testing.assert_allclose(
            ensemble.quantiles(network, ensemble.training.table), np.mean(singles, axis=0)
        )

    def test_the_unit_of_the_target_is_the_unit_of_the_answer(self, network):
        targets = np.random.default_rng(1).lognormal(size=60)
        plain = self.build(network, targets)
        moved = self.build(network, 1e9 + 1e3 * targets)
        np.testing.assert_allclose(
            moved.quantiles(network, moved.training.table),
            1e9 + 1e3 * plain.quantiles(network, plain.training.table),
            rtol=1e-10,
        )

    def test_whole_weights_equal_repeated_rows(self, network):
        table, _ = make_task()
        targets = np.random.default_rng(1).lognormal(size=60)
        times = np.random.default_rng(1).integers(1, 4, 60)
        rows = np.random.default_rng(2).permutation(np.arange(60).repeat(times))
        answers = [
            build_ensemble(
                LabelledTable(shown, known, 0, **weights),
                network.config,
                4,
                4096,
                np.random.default_rng(0),
            ).quantiles(network, table)
            for shown, known, weights in (
                (table, targets, {"weights": times.astype(np.float64)}),
                (table.take(rows), targets[rows], {}),
            )
        ]
        np.testing.assert_allclose(*answers, rtol=1e-9)

    def test_targets_that_are_all_equal_are_predicted(self, network):
        ensemble = self.build(network, np.full(60, 0.1))
        quantiles = ensemble.quantiles(network, ensemble.training.table)
        np.testing.assert_allclose(quantiles, 0.1, rtol=1e-14)

    def test_more_rows_than_the_context_are_sampled_by_each_member(self, network):
        ensemble = self.build(network, max_context_rows=20)
        one, other = (set(member.rows) for member in ensemble.members)
        assert len(one) == len(other) == ensemble.n_context_rows == 20 and one != other

    def test_the_loss_is_the_pinball_loss_on_the_scale_of_the_training_rows(self, network):
        ensemble = self.build(network)
        scale = TargetScale.of(ensemble.training.labels)
        quantiles, targets = (
            torch.from_numpy((values - scale.mean) / scale.deviation)
            for values in (
                ensemble.quantiles(network, ensemble.training.table),
                ensemble.training.labels,
            )
        )
        assert ensemble.loss(network, ensemble.training) == pytest.approx(
            pinball_loss(quantiles, targets).mean().item()
        )
