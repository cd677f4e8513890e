from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tabtransfer.finetune import loop
from tabtransfer.finetune.loop import FinetuneConfig, finetune_network
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.labelled_table import LabelledTable

QUICK = FinetuneConfig(learning_rate=2e-3, max_steps=20, episode_rows=100, check_every=5)


def make_task(n_rows=200):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 2))
    table = TableEncoder().fit(X).transform(X)
    return table, (X[:, 0] > 0).astype(np.int64)


def finetune(network, config=QUICK, n_rows=200, seed=0, time_limit=None, verbose=False):
    table, labels = make_task(n_rows)
    return finetune_network(
        network,
        LabelledTable(table, labels, 2),
        config,
        max_context_rows=1000,
        time_limit=time_limit,
        seed=seed,
        verbose=verbose,
    )


def same(one, other):
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_tuning_lowers_the_held_out_loss_and_leaves_the_base_alone(make_network):
    network, untouched = make_network(), make_network()
    tuned, record = finetune(network)
    assert record.chosen == "tuned" and record.n_steps == 20
    assert record.tuned_loss < record.base_loss - 0.01
    assert same(network, untouched) and not same(tuned, network)
    assert not any(parameter.requires_grad for parameter in tuned.parameters())


def test_weights_that_validate_no_better_are_not_kept(make_network):
    network, _ = finetune(make_network())
    tuned, record = finetune(network, replace(QUICK, learning_rate=3.0))
    assert tuned is network
    assert record.chosen == "base" and record.tuned_loss >= record.base_loss


def test_tuning_stops_when_the_loss_stops_falling(make_network):
    config = replace(QUICK, learning_rate=10.0, max_steps=500, check_every=1, patience=3)
    _, record = finetune(make_network(), config)
    assert record.n_steps < 100 and "stopped falling" in record.reason


def test_the_same_seed_gives_the_same_weights(make_network):
    one, other, third = (finetune(make_network(), seed=seed)[0] for seed in (1, 1, 2))
    assert same(one, other) and not same(one, third)


def test_tables_too_small_to_validate_stay_untuned(make_network):
    network = make_network()
    tuned, record = finetune(network, n_rows=100)
    assert tuned is network and record.chosen == "base" and record.n_steps == 0
    assert "of 100 rows, 20 can be held out" in record.reason
    assert record.base_loss is None and record.tuned_loss is None


def test_the_time_limit_stops_tuning(make_network, monkeypatch):
    seconds = count()  # a second passes from step to step
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=seconds.__next__))
    endless = replace(QUICK, max_steps=10**6, patience=10**6)
    _, record = finetune(make_network(), endless, time_limit=7.0)
    assert record.n_steps == 7 and "time limit" in record.reason
    assert record.seconds == 9.0  # with the readings before the first step and after the last


def test_no_time_at_all_leaves_the_base(make_network):
    network = make_network()
    tuned, record = finetune(network, time_limit=0.0)
    assert tuned is network and record.n_steps == 0 and record.tuned_loss is None


def test_one_class_stays_untuned(make_network):
    network = make_network()
    table, _ = make_task()
    tuned, record = finetune_network(
        network,
        LabelledTable(table, np.zeros(200, np.int64), 1),
        QUICK,
        max_context_rows=9,
        time_limit=None,
        seed=0,
    )
    assert tuned is network and "same target" in record.reason


@pytest.mark.parametrize("verbose", [False, True])
def test_progress_shows_only_when_asked_for(make_network, capsys, verbose):
    finetune(make_network(), replace(QUICK, max_steps=5), verbose=verbose)
    assert ("fine-tuning" in capsys.readouterr().err) == verbose


class TestNumbers:
    def finetune(self, network, targets, config=QUICK):
        table, _ = make_task()
        return finetune_network(
            network,
            LabelledTable(table, targets, 0),
            config,
            max_context_rows=1000,
            time_limit=None,
            seed=0,
        )

    def test_tuning_lowers_the_held_out_loss_whatever_the_unit(self, make_network):
        network = make_network(tasks=("regression",))
        targets = make_task()[0].values[:, 0].astype(np.float64)
        _, record = self.finetune(network, targets)
        assert record.chosen == "tuned" and record.tuned_loss < record.base_loss - 0.01
        _, moved = self.finetune(network, 1e6 + 1e4 * targets)
        assert moved.base_loss == pytest.approx(record.base_loss, rel=1e-5)

    def test_targets_that_are_all_equal_stay_untuned(self, make_network):
        network = make_network(tasks=("regression",))
        tuned, record = self.finetune(network, np.full(200, 3.0))
        assert tuned is network and "same target" in record.reason
