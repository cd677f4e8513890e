from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tabtransfer.finetune import child, loop
from tabtransfer.finetune.config import FinetuneConfig
from tabtransfer.finetune.loop import finetune_network
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.labelled_table import LabelledTable

QUICK = FinetuneConfig(
    learning_rate=2e-3,
    weight_decay=0.01,
    max_steps=6,
    children=2,
    episode_rows=60,
    check_every=2,
)
AUTO = replace(QUICK, auto=True)


def make_task(n_rows=160):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 2))
    table = TableEncoder().fit(X).transform(X)
    return table, (X[:, 0] > 0).astype(np.int64)


def finetune(network, config=QUICK, n_rows=160, seed=0, time_limit=None, **options):
    table, labels = make_task(n_rows)
    training = LabelledTable(table, labels, 2)
    options = {"max_context_rows": 1000, "time_limit": time_limit, "seed": seed} | options
    return finetune_network(network, training, config, **options)[:2]


def same(one, other):
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.fixture(scope="module")
def quick(make_network):
    """A network, and what tuning makes of it."""
    network = make_network()
    return network, *finetune(network)


def test_the_first_child_and_what_it_held_out_judge_tuned_weights(make_network):
    table, labels = make_task()
    training = LabelledTable(table, labels, 2)
    options = {"max_context_rows": 1000, "time_limit": None, "seed": 0}
    for children in (1, 2):
        config = replace(QUICK, children=children, least_probability=0.0)
        tuned, _, untaught = finetune_network(make_network(), training, config, **options)
        assert len(untaught.rows) == 160 * config.validation_share
        assert same(untaught.network, tuned) == (children == 1)
    config = replace(QUICK, max_steps=1, learning_rate=1e-30)
    assert finetune_network(make_network(), training, config, **options)[2] is None


@pytest.mark.slow
def test_tuning_lowers_the_held_out_loss_and_leaves_the_base_alone(quick, make_network):
    network, tuned, record = quick
    assert record.chosen == "tuned" and record.n_steps == 12 and record.n_children == 2
    assert record.tuned_loss < record.base_loss - 0.01
    assert record.gain == pytest.approx(record.base_loss - record.tuned_loss)
    assert record.gain_low < record.gain < record.gain_high and record.probability > 0.95
    assert [step for step, _ in record.curve] == [0, 2, 4, 6]
    assert record.curve[-1][1] < record.curve[0][1]
    assert record.stopped == "all steps were taken" and record.n_rows == 32
    assert same(network, make_network()) and not same(tuned, network)
    assert not any(parameter.requires_grad for parameter in tuned.parameters())


def test_related_copies_of_rows_held_out_are_not_learned_from(make_network, monkeypatch):
    table, labels = make_task(100)
    twice, related = np.tile(np.arange(100), 2), np.arange(200) >= 100
    training = LabelledTable(table.take(twice), labels[twice], 2, related=related)
    seen = []
    monkeypatch.setattr(loop, "HeldOut", lambda *parts: seen.append(parts) or child.HeldOut(*parts))
    config = replace(QUICK, max_steps=1, children=1, min_validation_rows=4)
    finetune_network(
        make_network(), training, config, max_context_rows=1000, time_limit=None, seed=0
    )
    ((ensemble, stopping, judging),) = seen
    learned = set(ensemble.training.table.cells[:, 0])
    for part in (stopping, judging):
        assert part.n_rows == 10 and learned.isdisjoint(part.table.cells[:, 0])
    assert ensemble.training.n_rows == 160


@pytest.mark.slow
def test_weights_that_validate_no_better_are_not_kept(make_network):
    network = make_network()
    tuned, record = finetune(network, replace(QUICK, learning_rate=0.0, max_steps=2))
    assert tuned is network and record.chosen == "base" and record.probability == 0.0
    sure = replace(QUICK, least_probability=1.0, learning_rate=1e-6, max_steps=2)
    _, record = finetune(network, sure)
    assert record.chosen == ("tuned" if record.probability == 1.0 else "base")


def test_tuning_stops_when_the_loss_stops_falling(make_network):
    config = replace(QUICK, learning_rate=0.0, max_steps=500, check_every=1, patience=3)
    _, record = finetune(make_network(), config)
    assert record.n_steps == 6 and "stopped falling" in record.stopped


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights(quick, make_network):
    _, tuned, _ = quick
    assert same(finetune(make_network())[0], tuned)
    assert not same(finetune(make_network(), seed=1)[0], tuned)


@pytest.mark.slow
def test_only_the_last_layers_learn_where_that_is_asked_for(make_network):
    network = make_network()
    tuned, record = finetune(network, replace(QUICK, layers=0.5, least_probability=0.0))
    changed = {
        name
        for (name, before), after in zip(
            network.state_dict().items(), tuned.state_dict().values(), strict=True
        )
        if not torch.equal(before, after)
    }
    assert (record.chosen == "tuned") == bool(changed) == (record.gain > 0)
    assert all(name.startswith(("context.blocks.1.", "heads.")) for name in changed)


class Killed(Exception):
    pass


@pytest.mark.slow
@pytest.mark.parametrize("n_steps", [3, 9])
def test_a_killed_fit_goes_on_and_ends_with_the_same_weights(
    quick, make_network, tmp_path, monkeypatch, n_steps
):
    _, tuned, record = quick
    config = replace(QUICK, folder=tmp_path / "progress")
    steps = count()

    def stop(network, episode, loss=child.task_loss):
        if next(steps) == n_steps:
            raise Killed
        return loss(network, episode)

    with monkeypatch.context() as patch:
        patch.setattr(child, "task_loss", stop)
        with pytest.raises(Killed):
            finetune(make_network(), config)
    taken = count()
    monkeypatch.setattr(
        child,
        "task_loss",
        lambda output, episode, loss=child.task_loss: (next(taken), loss(output, episode))[1],
    )
    again, repeated = finetune(make_network(), config)
    assert same(again, tuned) and replace(repeated, seconds=0) == replace(record, seconds=0)
    assert next(taken) == 12 - n_steps // 2 * 2  # from the last validation on
    other, _ = finetune(make_network(), config, seed=1)  # whose progress it isn't
    assert not same(other, tuned)


def test_tables_too_small_to_validate_stay_untuned(make_network):
    network = make_network()
    tuned, record = finetune(network, n_rows=100)
    assert tuned is network and record.chosen == "base" and record.n_steps == 0
    assert "of 100 rows, 20 can be held out" in record.reason
    assert record.base_loss is None and record.tuned_loss is None and record.curve == ()


def test_auto_leaves_small_tables_alone(make_network):
    network = make_network()
    tuned, record = finetune(network, AUTO)
    assert tuned is network and "fewer than 300 rows" in record.reason


@pytest.fixture
def slow_clock(monkeypatch):
    """Let a second pass from reading to reading."""
    seconds = count()
    clock = SimpleNamespace(monotonic=lambda: float(next(seconds)))
    monkeypatch.setattr(loop, "time", clock)
    monkeypatch.setattr(child, "time", clock)


@pytest.mark.slow
def test_the_time_limit_stops_tuning(make_network, slow_clock):
    endless = replace(QUICK, max_steps=10**6, patience=10**6)
    _, record = finetune(make_network(), endless, time_limit=12.0)
    assert 4 <= record.n_steps <= 12 and "time limit" in record.stopped
    assert record.n_children == 2


def test_auto_tunes_as_many_children_as_there_is_time_for(make_network, slow_clock, monkeypatch):
    monkeypatch.setattr(loop, "FEWEST_ROWS", 10)
    # A step takes a third of a second by this clock, and a validation one: 8 in all.
    _, record = finetune(make_network(), AUTO, time_limit=12.0)
    assert record.n_children == 1
    network = make_network()
    tuned, record = finetune(network, AUTO, time_limit=5.0)
    assert tuned is network and "too short" in record.reason


def test_auto_stops_after_a_child_that_is_no_better(make_network, monkeypatch):
    monkeypatch.setattr(loop, "FEWEST_ROWS", 10)
    _, record = finetune(make_network(), replace(AUTO, learning_rate=0.0))
    assert record.n_children == 1 and record.chosen == "base"


def test_no_time_at_all_leaves_the_base(make_network):
    network = make_network()
    tuned, record = finetune(network, time_limit=0.0)
    assert tuned is network and record.n_steps == 0 and record.gain == 0.0


def test_one_class_stays_untuned(make_network):
    network = make_network()
    table, _ = make_task()
    tuned, record, _ = finetune_network(
        network,
        LabelledTable(table, np.zeros(160, np.int64), 1),
        QUICK,
        max_context_rows=9,
        time_limit=None,
        seed=0,
    )
    assert tuned is network and "same target" in record.reason


@pytest.mark.slow
@pytest.mark.parametrize("verbose", [False, True])
def test_progress_shows_only_when_asked_for(make_network, capsys, verbose):
    finetune(make_network(), replace(QUICK, max_steps=2), verbose=verbose)
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
        )[:2]

    @pytest.mark.slow
    def test_tuning_lowers_the_held_out_loss_whatever_the_unit(self, make_network):
        network = make_network(tasks=("regression",))
        targets = make_task()[0].values[:, 0].astype(np.float64)
        _, record = self.finetune(network, targets)
        assert record.chosen == "tuned" and record.tuned_loss < record.base_loss - 0.01
        _, moved = self.finetune(network, 1e6 + 1e4 * targets)
        assert moved.base_loss == pytest.approx(record.base_loss, rel=1e-5)

    def test_targets_that_are_all_equal_stay_untuned(self, make_network):
        network = make_network(tasks=("regression",))
        tuned, record = self.finetune(network, np.full(160, 3.0))
        assert tuned is network and "same target" in record.reason
