import csv
import dataclasses
import os
import signal
import subprocess
import sys
import time
from itertools import count
from types import SimpleNamespace

import numpy as np
import pandas as pd
import psutil
import pytest
import torch

from tabtransfer.checkpoint import load_checkpoint, read_header
from tabtransfer.datasets.fingerprints import trained_on
from tabtransfer.errors import TabTransferError
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.training import clock, start, throughput
from tabtransfer.pretrain.training.module import TrainConfig
from tabtransfer.pretrain.training.recipe import Hardware, Inputs, Recipe
from tabtransfer.pretrain.training.run import FINAL_FILE, HELD_FILE, pretrain
from tabtransfer.pretrain.training.shapes import Shape, fixed_shapes
from tabtransfer.pretrain.training.stream import StreamConfig, TaskStream

CPU = Hardware(accelerator="cpu")
SMALL = Recipe(
    network=NetworkConfig(d_cell=8, n_summary=2, row_layers=1, context_layers=1),
    stream=StreamConfig(max_rows=64, max_columns=4, cells=1024, learner_share=0.3),
)


@pytest.fixture(autouse=True)
def steady_clock(monkeypatch):
    """Let a step take a tenth of a second, whatever the machine needs for it."""
    readings = count()  # one a step, and one before the first
    steady = SimpleNamespace(monotonic=lambda: next(readings) / 10)
    monkeypatch.setattr(clock, "time", steady)
    monkeypatch.setattr(throughput, "PEAK_SECONDS", 0.01)
    monkeypatch.setattr(start, "N_SYNTHETIC_VALIDATION", 4)


def read_curve(folder):
    with (folder / "curve.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture
def real_tables(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    frame = pd.DataFrame({"a": range(60), "b": list("xyz") * 20})
    frame.assign(target=frame["a"] > 30).to_parquet(folder / "steps.parquet")
    return folder


@pytest.mark.slow
def test_run_writes_weights_card_and_curve(tmp_path, real_tables):
    out = tmp_path / "run"
    scores = pretrain(out, 3.0, SMALL, Inputs(validation=real_tables), CPU, validate_every=1.0)
    header = read_header(out / FINAL_FILE)
    assert load_checkpoint(out / FINAL_FILE).config == SMALL.network
    assert header["training"]["scores"] == scores
    assert header["training"]["steps"] == 30
    assert header["training"]["tasks_seen"] > header["training"]["steps"]
    assert "steps" in header["training"]["validation"]
    held = read_header(out / HELD_FILE)["training"]
    assert 0 < held["steps"] < header["training"]["steps"]
    curve = read_curve(out)
    assert len(curve) >= 3
    assert all(float(row["tasks_per_second"]) > 0 for row in curve)
    assert all(0 < float(row["peak_share"]) < 1 for row in curve)
    assert int(curve[-1]["steps"]) == header["training"]["steps"]
    assert "not stated: whoever trained" in (out / "MODEL_CARD.md").read_text()
    with pytest.raises(TabTransferError, match="finished run"):
        pretrain(out, 3.0, SMALL, hardware=CPU)


@pytest.mark.slow
def test_real_tables_are_listed_in_weights_and_card(tmp_path, real_tables):
    generator = np.random.default_rng(0)
    folder = tmp_path / "own"
    folder.mkdir()
    for name in ("u", "v"):
        frame = pd.DataFrame(generator.normal(size=(120, 6)), columns=list("abcdef"))
        frame.to_parquet(folder / f"{name}.parquet")
    first, second = tmp_path / "first", tmp_path / "second"
    pretrain(first, 0.5, SMALL, Inputs(tables=folder, validation=real_tables), CPU)
    tables = read_header(first / FINAL_FILE)["tables"]
    assert [table["name"] for table in tables] == ["u", "v"]
    assert "trained on 'u'" in trained_on(tables, "other", pd.read_parquet(folder / "u.parquet"))
    card = (first / "MODEL_CARD.md").read_text()
    assert "2, listed below" in card and "- not stated (2): `u`, `v`" in card
    pretrain(second, 0.5, SMALL, Inputs(first / FINAL_FILE), CPU)
    assert read_header(second / FINAL_FILE)["tables"] == tables


@pytest.mark.slow
def test_training_goes_on_from_a_checkpoint(tmp_path):
    pretrain(tmp_path / "first", 0.5, SMALL, hardware=CPU)
    inputs = Inputs(tmp_path / "first" / FINAL_FILE)
    pretrain(tmp_path / "second", 0.2, inputs=inputs, hardware=CPU)
    header = read_header(tmp_path / "second" / FINAL_FILE)
    assert header["history"] == [read_header(tmp_path / "first" / FINAL_FILE)["training"]]
    assert load_checkpoint(tmp_path / "second" / FINAL_FILE).config == SMALL.network


def write_table(folder, name, seed):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(120, 5)), columns=list("abcde"))
    folder.mkdir(exist_ok=True)
    frame.assign(kind=frame["a"] > 0).to_parquet(folder / f"{name}.parquet")


@pytest.mark.slow
def test_header_lists_the_real_tables_of_all_runs(tmp_path):
    # Two tables of one name are two.
    for folder, name, seed in (("one", "shop", 0), ("two", "shop", 1), ("two", "bank", 2)):
        write_table(tmp_path / folder, name, seed)
    first, second = tmp_path / "first", tmp_path / "second"
    pretrain(first, 0.5, SMALL, Inputs(tables=tmp_path / "one"), CPU)
    header = read_header(first / FINAL_FILE)
    assert [card["name"] for card in header["tables"]] == ["shop"]
    assert set(header["tables"][0]) == {"name", "source", "licence", "fingerprint"}
    pretrain(second, 0.5, SMALL, Inputs(first / FINAL_FILE, tmp_path / "two"), CPU)
    listed = read_header(second / FINAL_FILE)["tables"]
    assert [card["name"] for card in listed] == ["shop", "bank", "shop"]
    assert listed[0] == header["tables"][0]
    card = (second / "MODEL_CARD.md").read_text()
    assert "- not stated (3): `shop`, `bank`, `shop`" in card
    assert "**Good for**: trying out the training" in card
    # What the first run saw stays listed, whatever the next one sees.
    pretrain(tmp_path / "third", 0.5, SMALL, Inputs(second / FINAL_FILE), CPU)
    assert read_header(tmp_path / "third" / FINAL_FILE)["tables"] == listed


@pytest.mark.slow
def test_validation_tables_are_not_trained_on(tmp_path):
    write_table(tmp_path / "tables", "shop", 0)
    write_table(tmp_path / "tables", "bank", 1)
    write_table(tmp_path / "validation", "market", 0)
    inputs = Inputs(tables=tmp_path / "tables", validation=tmp_path / "validation")
    pretrain(tmp_path / "run", 0.5, SMALL, inputs, CPU)
    header = read_header(tmp_path / "run" / FINAL_FILE)
    assert [card["name"] for card in header["tables"]] == ["bank"]
    assert "market" in header["training"]["validation"]


def start_long_run(out, devices=1, recipe=SMALL, **options):
    """Start a run of a thousand seconds in a process; return it once its state is saved."""
    script = out.parent / "long.py"
    script.write_text(
        "from itertools import count\n"
        "from types import SimpleNamespace\n"
        "from tabtransfer.network.transformer import NetworkConfig\n"
        "from tabtransfer.pretrain.prior import PriorConfig\n"
        "from tabtransfer.pretrain.training import clock, start\n"
        "from tabtransfer.pretrain.training.module import TrainConfig\n"
        "from tabtransfer.pretrain.training.recipe import Hardware, Recipe\n"
        "from tabtransfer.pretrain.training.run import pretrain\n"
        "from tabtransfer.pretrain.training.stream import StreamConfig\n"
        "readings, start.N_SYNTHETIC_VALIDATION = count(), 4\n"
        "clock.time = SimpleNamespace(monotonic=lambda: next(readings) / 10)\n"
        "if __name__ == '__main__':\n"
        f"    hardware = Hardware('cpu', '32-true', devices={devices})\n"
        f"    pretrain({str(out)!r}, 1000.0, {recipe!r}, hardware=hardware, **{options!r})\n"
    )
    process = subprocess.Popen(
        [sys.executable, script], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    sign = out / ("resume.ckpt" if "save_every" in options else "curve.csv")
    deadline = time.monotonic() + 240
    while not sign.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    return process


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(tmp_path):
    out = tmp_path / "run"
    process = start_long_run(out, save_every=0.5, validate_every=0.3)
    with pytest.raises(TabTransferError, match="Another run is writing to"):
        pretrain(out, 3.0, SMALL, hardware=CPU)
    process.kill()
    process.communicate()
    resume = out / "resume.ckpt"
    saved = torch.load(resume, weights_only=True)
    steps, seconds = saved["tabtransfer"]["steps"], saved["callbacks"]["Clock"]["seconds"]
    assert steps > 0
    with (out / "curve.csv").open("a") as file:  # of steps after the state, and half a row
        file.write(f"9,{steps + 1},99,1,,,,1,1,0.1\n9,12")
    other = dataclasses.replace(SMALL, seed=5)
    with pytest.raises(TabTransferError, match=r"other settings: seed 0, not 5\. .* --out"):
        pretrain(out, seconds + 1.0, other, hardware=CPU)
    pretrain(out, seconds + 1.0, SMALL, hardware=CPU)
    training = read_header(out / FINAL_FILE)["training"]
    assert training["steps"] > steps
    assert training["tasks_seen"] > saved["tabtransfer"]["tasks_seen"]
    assert not resume.exists()
    seen = [int(row["steps"]) for row in read_curve(out)]
    assert seen == sorted(set(seen)) and steps + 1 not in seen[:-1]


def test_a_run_of_fixed_shapes_goes_on_where_it_was(tmp_path, monkeypatch):
    stream = StreamConfig(max_rows=96, max_columns=4, max_tasks=4, learner_share=0.0, shapes=3)
    recipe = dataclasses.replace(SMALL, stream=stream)
    numbers, shapes = [], set()

    def batch(self, number):
        made = draw(self, number)
        if self.seed == recipe.seed:  # not for validation
            numbers.append(number)
            if numbers == [0, 1, 2, 3, 4]:
                raise RuntimeError("killed")
            n_tasks, n_rows, n_columns = made.values.shape
            shapes.add(Shape(n_rows, n_columns, made.n_train, n_tasks))
        return made

    draw = TaskStream.batch
    monkeypatch.setattr(TaskStream, "batch", batch)
    out = tmp_path / "run"
    with pytest.raises(RuntimeError, match="killed"):
        pretrain(out, 1.0, recipe, hardware=CPU, save_every=0.1)
    steps = torch.load(out / "resume.ckpt", weights_only=True)["tabtransfer"]["steps"]
    assert steps > 0
    for other in (0, 4):
        changed = dataclasses.replace(recipe, stream=dataclasses.replace(stream, shapes=other))
        with pytest.raises(TabTransferError, match=rf"stream\.shapes 3, not {other}\."):
            pretrain(out, 1.0, changed, hardware=CPU)
    pretrain(out, 1.0, recipe, hardware=CPU)
    assert numbers[5:] == list(range(steps, steps + len(numbers) - 5))
    training = read_header(out / FINAL_FILE)["training"]
    assert training["stream"]["shapes"] == 3
    assert training["steps"] > steps
    assert shapes == set(fixed_shapes(stream))


@pytest.mark.slow
def test_sigterm_saves_and_ends_as_interrupted(tmp_path):
    out = tmp_path / "run"
    process = start_long_run(out, validate_every=0.5)
    assert not (out / "resume.ckpt").exists()
    process.terminate()
    _, said = process.communicate(timeout=240)
    assert process.returncode == 128 + signal.SIGTERM
    assert "Stopped by SIGTERM after" in said and "the same command goes on" in said
    steps = torch.load(out / "resume.ckpt", weights_only=True)["tabtransfer"]["steps"]
    assert f"at step {steps};" in said
    assert not (out / FINAL_FILE).exists()


@pytest.mark.slow
def test_sigterm_to_one_of_two_processes_saves_and_ends_both(tmp_path):
    out = tmp_path / "run"
    process = start_long_run(out, validate_every=0.5, devices=2)
    (other,) = psutil.Process(process.pid).children()
    other.terminate()  # not the first, which saves
    _, said = process.communicate(timeout=240)
    assert process.returncode == 128 + signal.SIGTERM
    other.wait(60)
    assert said.count("Stopped by SIGTERM after") == 1
    saved = torch.load(out / "resume.ckpt", weights_only=True)
    seconds = saved["callbacks"]["Clock"]["seconds"]
    wider = dataclasses.replace(SMALL, network=dataclasses.replace(SMALL.network, d_cell=16))
    for recipe in (dataclasses.replace(SMALL, seed=5), wider):
        with pytest.raises(TabTransferError, match="a stopped run with other settings"):
            pretrain(out, seconds + 1.0, recipe, hardware=CPU)
    # On another number of devices it goes on with the same weights, tasks and time.
    pretrain(out, seconds + 1.0, SMALL, hardware=CPU)
    training = read_header(out / FINAL_FILE)["training"]
    assert training["devices"] == 1
    assert training["steps"] > saved["tabtransfer"]["steps"] > 0
    assert training["tasks_seen"] > saved["tabtransfer"]["tasks_seen"]


def test_what_a_run_left_before_its_first_save_is_not_this_runs(tmp_path, capsys):
    out = tmp_path / "run"
    out.mkdir()
    (out / "curve.csv").write_text("seconds,steps\n300,7000\n")
    pretrain(out, 0.5, SMALL, hardware=CPU)
    assert [int(row["steps"]) for row in read_curve(out)] == [5]
    assert "this one starts anew" in capsys.readouterr().err


@pytest.mark.slow
def test_a_kill_between_the_weights_and_their_card_is_made_good(tmp_path):
    out = tmp_path / "run"
    scores = pretrain(out, 0.5, SMALL, hardware=CPU)
    (out / "MODEL_CARD.md").unlink()
    (out / "resume.ckpt").touch()
    assert pretrain(out, 0.5, SMALL, hardware=CPU) == scores
    assert "# Model card" in (out / "MODEL_CARD.md").read_text()
    assert not (out / "resume.ckpt").exists()


@pytest.mark.slow
def test_two_processes_are_one_of_twice_the_batches_a_step_and_one_ends_with_the_other(tmp_path):
    recipe = dataclasses.replace(SMALL, train=TrainConfig(decay=0.0, warmup_steps=5))
    two, one = tmp_path / "two", tmp_path / "one"
    process = start_long_run(two, devices=2, recipe=recipe, save_every=0.5, validate_every=500.0)
    (other,) = psutil.Process(process.pid).children()
    other.kill()
    _, said = process.communicate(timeout=240)
    assert process.returncode != 0
    assert "A process of this run has ended" in said and "the same command goes on" in said
    saved = torch.load(two / "resume.ckpt", weights_only=True)
    progress = saved["tabtransfer"]
    assert progress["batches"] == 2 * progress["steps"] > 0
    twice = dataclasses.replace(recipe, train=dataclasses.replace(recipe.train, accumulate=2))
    hardware = Hardware("cpu", "32-true")
    pretrain(one, progress["batches"] / 10, twice, hardware=hardware, validate_every=500.0)
    assert read_header(one / HELD_FILE)["training"]["tasks_seen"] == progress["tasks_seen"]
    torch.manual_seed(recipe.seed)
    fresh = TabularTransformer(recipe.network).state_dict()
    weights = load_checkpoint(one / HELD_FILE).state_dict()
    moved = sum((weights[name] - fresh[name]).norm() for name in weights)
    apart = sum((weights[name] - saved["state_dict"][f"network.{name}"]).norm() for name in weights)
    assert moved > 1.0 and apart < 1e-3 * moved, (moved, apart)


@pytest.mark.slow
def test_sharded_run_is_killed_resumed_and_gathered(tmp_path):
    out = tmp_path / "run"
    script = tmp_path / "run.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from tabtransfer.network.transformer import NetworkConfig\n"
        "from tabtransfer.pretrain.training import start\n"
        "from tabtransfer.pretrain.training.recipe import Hardware, Recipe\n"
        "from tabtransfer.pretrain.training.run import pretrain\n"
        "from tabtransfer.pretrain.training.stream import StreamConfig\n"
        "start.N_SYNTHETIC_VALIDATION = 4\n"
        f"recipe = Recipe(network={SMALL.network!r}, stream={SMALL.stream!r})\n"
        "if __name__ == '__main__':\n"
        f"    pretrain(Path({str(out)!r}), float(sys.argv[1]), recipe,\n"
        "        hardware=Hardware('cpu', strategy='fsdp', devices=2), save_every=0.5)\n"
    )
    command = [sys.executable, str(script)]
    process = subprocess.Popen([*command, "1000"], start_new_session=True)
    resume = out / "resume.ckpt"
    deadline = time.monotonic() + 600
    while not resume.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)  # both ranks
    process.wait()
    saved = torch.load(resume, weights_only=True)
    saved["state_dict"]["network.rows.summary"] += 7.0  # a mark that only loading can bring back
    torch.save(saved, resume)
    seconds = saved["callbacks"]["Clock"]["seconds"]
    subprocess.run([*command, str(seconds + 1.0)], check=True, timeout=600)
    training = read_header(out / FINAL_FILE)["training"]
    assert training["devices"] == 2
    assert training["steps"] > saved["tabtransfer"]["steps"] > 0
    weights = load_checkpoint(out / FINAL_FILE).state_dict()
    before = {name.removeprefix("network."): w for name, w in saved["state_dict"].items()}
    assert weights.keys() == before.keys()
    for name, weight in weights.items():
        torch.testing.assert_close(weight, before[name], rtol=0.01, atol=0.02)


@pytest.mark.slow
def test_what_the_start_was_trained_on_is_not_validated_on(tmp_path):
    write_table(tmp_path / "tables", "shop", 0)
    write_table(tmp_path / "validation", "market", 0)
    run = tmp_path / "run"
    pretrain(run, 0.5, SMALL, Inputs(tables=tmp_path / "tables"), CPU)
    inputs = Inputs(run / FINAL_FILE, validation=tmp_path / "validation")
    with pytest.raises(TabTransferError, match=r"every table of .*trained on 'shop'"):
        pretrain(tmp_path / "next", 0.5, SMALL, inputs, CPU)
    assert [path.name for path in (tmp_path / "next").iterdir()] == [".lock"]
    write_table(tmp_path / "validation", "bank", 1)
    pretrain(tmp_path / "next", 0.5, SMALL, inputs, CPU)
    said = read_header(tmp_path / "next" / FINAL_FILE)["training"]["validation"]
    assert said == "1 real tables: bank (left out, as trained on before: market)"
