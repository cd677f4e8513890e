"""Presets fit the devices that they are for, and a dry run goes through the real step."""

from __future__ import annotations

import dataclasses

import pytest
from torch import distributed
from typer.testing import CliRunner

from tabtransfer.cli import app
from tabtransfer.errors import TabTransferError
from tabtransfer.network.transformer import NetworkConfig
from tabtransfer.pretrain.plan.dry_run import dry_run
from tabtransfer.pretrain.plan.dry_run_report import describe
from tabtransfer.pretrain.plan.presets import PRESETS, get_preset
from tabtransfer.pretrain.training import run
from tabtransfer.pretrain.training.recipe import Recipe
from tabtransfer.pretrain.training.shapes import fixed_shapes
from tabtransfer.pretrain.training.stream import StreamConfig

SMALL = NetworkConfig(d_cell=8, n_summary=2, row_layers=2, context_layers=2)


def small(name: str):
    """Return a preset with a small network."""
    preset = PRESETS[name]
    return dataclasses.replace(preset, recipe=dataclasses.replace(preset.recipe, network=SMALL))


def on_devices(preset, **changes):
    hardware = dataclasses.replace(preset.hardware, **changes)
    return dataclasses.replace(preset, hardware=hardware)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cpu", "one-gpu", "eight-gpu", "eight-gpu-large"])
def test_preset_fits_its_device_and_takes_a_step(name):
    preset = PRESETS[name]
    result = dry_run(preset)
    assert result.changed
    assert result.held_parameters == result.n_parameters
    assert ": fits" in describe(name, preset, result)
    assert not distributed.is_initialized()


def test_sharded_network_takes_a_step_with_its_share_of_the_weights():
    preset = on_devices(small("internet"), nodes=1)
    result = dry_run(preset)
    assert result.changed
    share = result.n_parameters / preset.hardware.n_devices
    assert share <= result.held_parameters < 2.5 * share  # short axes are filled up
    assert "FSDP" in describe("internet", preset, result)


def test_network_too_narrow_for_its_devices_is_refused():
    with pytest.raises(TabTransferError, match="over 64 devices"):
        dry_run(small("internet"))
    assert not distributed.is_initialized()


def test_plan_scales_with_time_and_devices():
    preset = small("cpu")
    double = on_devices(dataclasses.replace(preset, minutes=2 * preset.minutes), devices=3)
    assert dry_run(double).tasks == pytest.approx(6 * dry_run(preset).tasks)


def test_too_large_batches_are_said_not_to_fit():
    preset = PRESETS["cpu"]
    stream = dataclasses.replace(preset.recipe.stream, cells=10_000_000, max_tasks=1000)
    preset = dataclasses.replace(
        preset, recipe=dataclasses.replace(preset.recipe, network=SMALL, stream=stream)
    )
    assert "DOES NOT FIT" in describe("cpu", preset, dry_run(preset))


def test_the_second_stage_takes_the_weights_of_the_first_and_larger_tasks():
    first, second = (PRESETS[name].recipe for name in ("eight-gpu", "eight-gpu-large"))
    assert second.network == first.network
    assert first.stream.max_rows < second.stream.max_rows == 8192
    assert first.stream.max_columns < second.stream.max_columns == 100
    assert first.train.learning_rate > second.train.learning_rate


def test_presets_for_gpus_have_shapes_that_are_planned_with():
    counts = {name: preset.recipe.stream.shapes for name, preset in PRESETS.items()}
    assert counts == {
        "cpu": 0,
        "one-gpu": 10,
        "eight-gpu": 10,
        "eight-gpu-large": 12,
        "internet": 0,
    }
    preset = small("one-gpu")
    result = dry_run(preset)
    shapes = fixed_shapes(preset.recipe.stream)
    assert result.changed
    assert result.tasks / result.steps == pytest.approx(sum(s.n_tasks for s in shapes) / 10)
    told = describe("one-gpu", on_devices(preset, devices=2), result)
    assert told.count("tasks a step") == 10
    assert (
        f"  1,024 rows × {shapes[-1].n_columns} columns, {shapes[-1].n_train} rows for training: "
        f"{2 * shapes[-1].n_tasks} tasks a step"
    ) in told


def test_cpu_is_the_recipe_without_options():
    assert get_preset("cpu").recipe == Recipe()
    with pytest.raises(TabTransferError, match=r"'gpu'.*one-gpu"):
        get_preset("gpu")


def test_command_prints_the_dry_run_with_replaced_parts():
    arguments = ["pretrain", "--dry-run", "--max-rows=128", "--devices=2", "--accumulate=3"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert "cpu: 2 × CPU core" in result.output
    assert "64 to 128 rows" in result.output
    assert "a device and batch, 3 to a step" in result.output
    assert "shapes     free" in result.output
    with pytest.raises(TabTransferError, match="--out"):
        CliRunner().invoke(app, ["pretrain"], catch_exceptions=False)


def test_command_trains_with_the_shares_that_are_given(monkeypatch, tmp_path):
    recipes = []
    monkeypatch.setattr(
        run, "pretrain", lambda out, seconds, recipe, *_, **__: recipes.append(recipe)
    )
    shares = {"real_share": 0.7, "learner_share": 0.85, "chosen_share": 0.4}
    options = [f"--{name.replace('_', '-')}={share}" for name, share in shares.items()]
    arguments = ["pretrain", "--out", str(tmp_path / "run"), *options]
    CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert recipes == [Recipe(stream=StreamConfig(**shares))]
