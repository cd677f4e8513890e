import errno
import io
import json
import re
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise

import pandas as pd
import pytest

from tabtransfer import cli
from tabtransfer.folder_lock import alone_in, alone_with


@pytest.fixture
def make_rows(make_results):
    return lambda: make_results({"t": {"catboost": 0.9, "linear": 0.8}}, n_splits=1)


@pytest.fixture
def run(monkeypatch):
    """Run the command line on terminals of an old encoding; give its status and what it said."""

    def run(*arguments):
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="cp1252") for _ in range(2))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            patch.setattr(sys, "argv", ["tabtransfer", *map(str, arguments)])
            with pytest.raises(SystemExit) as end:
                cli.main()
            out.flush(), err.flush()
        said = [stream.buffer.getvalue().decode("cp1252") for stream in (out, err)]
        return end.value.code, *said

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ("fit", "{csv}", "--target", "y", "--out", "{file}/model"),
        ("predict", "{csv}", "{csv}", "--out", "{file}/p.csv"),
        ("compare", "{csv}", "--target", "y", "--out", "{file}"),
        ("benchmark", "--out", "{file}"),
        ("transfer-gain", "--out", "{file}/r"),
        ("report", "{results}", "--out", "{file}"),
        ("merge", "{results}", "--out", "{file}/all.parquet"),
        ("pretrain", "--out", "{file}"),
        ("prior-report", "--out", "{file}"),
        ("pack-tables", "{csv}", "{file}/packed"),
        ("validate", "{csv}", "--out", "{file}/scores.csv"),
        ("validation-tables", "{csv}", "{file}"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_where_nothing_can_be_written_no_work_is_done(run, tmp_path, make_rows, arguments):
    paths = {name: tmp_path / name for name in ("csv", "file", "results")}
    paths["csv"] = tmp_path / "t.csv"
    paths["csv"].write_text("x,y\n" + "1,a\n2,b\n" * 20)
    paths["file"].touch()
    make_rows().to_parquet(paths["results"])
    status, _, said = run(*(argument.format(**paths) for argument in arguments))
    assert status == 2
    assert "Error: " in said and str(paths["file"]) in said and "Traceback" not in said
    assert paths["file"].read_bytes() == b""


def test_a_disk_that_fills_up_is_one_sentence(run, tmp_path, monkeypatch, make_rows):
    make_rows().to_parquet(tmp_path / "results.parquet")
    written = []

    def fill(path, text, encoding=None):
        path.touch()
        written.append(path)
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr("pathlib.Path.write_text", fill)
    status, _, said = run("report", tmp_path / "results.parquet", "--out", tmp_path / "r")
    assert status == 2
    assert "the disk is full. Make room, or write elsewhere (--out)." in " ".join(said.split())
    assert written and [path.name for path in (tmp_path / "r").iterdir()] == [".lock"]


def test_a_report_is_shown_on_a_terminal_of_an_old_encoding(run, tmp_path, make_rows):
    make_rows().to_parquet(tmp_path / "results.parquet")
    status, shown, _ = run("report", tmp_path / "results.parquet")
    assert status == 0
    assert "catboost" in shown
    assert (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("benchmark", "--methods", "catbost"), "catboost"),
        (("benchmark", "--methods", "al"), "all"),
        (("benchmark", "--suite", "Quikstart"), "quickstart"),
        (("fit", "{csv}", "--target", "buy", "--out", "{out}"), "buys"),
        (("compare", "{csv}", "--target", "Buys", "--out", "{out}"), "buys"),
        (("audit", "{csv}", "--target", "byus"), "buys"),
        (("pretrain", "--preset", "cpus"), "cpu"),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else value,
)
def test_a_misspelt_name_is_guessed(run, tmp_path, arguments, meant):
    paths = {"csv": tmp_path / "t.csv", "out": tmp_path / "out"}
    paths["csv"].write_text("x,buys\n1,a\n2,b\n")
    status, _, said = run(*(argument.format(**paths) for argument in arguments))
    assert status == 2
    assert f"Did you mean '{meant}'?" in said


def test_pretraining_says_its_plan_first_and_how_to_go_on(run, tmp_path, monkeypatch):
    def stop(out, *settings, **more):
        out.mkdir()
        (out / "resume.ckpt").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr("tabtransfer.pretrain.training.run.pretrain", stop)
    _, shown, said = run("pretrain", "--out", tmp_path / "r", "--max-time", "90s")
    assert shown == ""
    assert "pretrain: 1.5 minutes in all, preset cpu, 1 process, synthetic tables alone" in said
    assert f"stopped before the end; the same command goes on from {tmp_path / 'r'}." in said


def test_advice_is_sorted_by_its_own_figures(run, tmp_path, make_results, monkeypatch):
    scores = {"catboost": 0.8, "worse": 0.7, "better": 0.9, "near": 0.81}
    make_results({f"t{i}": scores for i in range(3)}).to_parquet(tmp_path / "r.parquet")
    (tmp_path / "t.csv").write_text("x,buys\n" + "1,a\n2,b\n" * 20)
    monkeypatch.setattr("tabtransfer.bench.commands.advise._describe", lambda own, rows: {})
    status, shown, said = run(
        *("advise", tmp_path / "t.csv", "--target", "buys", "--results", tmp_path / "r.parquet")
    )
    assert status == 0, said
    places = [shown.index(name) for name in ("better", "near", "worse")]
    assert places == sorted(places)
    assert "average errs" in shown and "the mean" not in shown


@pytest.mark.parametrize("command", ["advise", "pack-tables", "compare"])
def test_help_is_wrapped_by_the_terminal(run, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "80")
    _, shown, _ = run(command, "--help")
    text = [line.rstrip() for line in shown.partition("Arguments")[0].splitlines()[4:-1]]
    inside = [one for one, following in pairwise(text) if one and following]
    assert inside and min(map(len, inside)) > 55


def test_advice_without_results_names_the_command_that_measures(run, tmp_path, monkeypatch):
    monkeypatch.setattr("tabtransfer.bench.analysis.advice_file.SHIPPED", tmp_path / "none")
    path = tmp_path / "my table.csv"
    path.write_text("x,buys it\n" + "1,a\n2,b\n" * 20)
    status, _, said = run("advise", path, "--target", "buys it")
    assert status == 2
    command = re.search("`(tabtransfer compare .*?)`", said.replace("\n", " "))[1]
    assert shlex.split(command) == ["tabtransfer", "compare", str(path), "--target", "buys it"]


@pytest.mark.parametrize("value", ["-1", "0", "100000", "x", "1.5"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("benchmark", "--threads"),
        ("benchmark", "--jobs"),
        ("transfer-gain", "--threads"),
        ("transfer-gain", "--jobs"),
        ("compare", "t.csv", "--target", "y", "--threads"),
        ("compare", "t.csv", "--target", "y", "--jobs"),
        ("pretrain", "--devices"),
    ],
    ids=lambda arguments: f"{arguments[0]} {arguments[-1]}",
)
def test_numbers_of_processes_that_no_one_can_mean_are_refused(run, arguments, value):
    status, _, said = run(*arguments, value)
    assert status == 2
    assert f"Invalid value for '{arguments[-1]}'" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("benchmark", "--time-limit", "nan"),
        ("benchmark", "--memory-limit", "inf"),
        ("benchmark", "--search-time", "nan"),
        ("benchmark", "--seed", "4294967296"),
        ("pretrain", "--learning-rate", "nan"),
        ("pretrain", "--learning-rate", "-1"),
        ("pretrain", "--real-share", "nan"),
        ("pretrain", "--seed", "-1"),
        ("fit", "t.csv", "--target", "y", "--out", "m", "--seed", "99999999999"),
    ],
    ids=" ".join,
)
def test_numbers_that_are_none_are_refused(run, arguments):
    status, _, said = run(*arguments)
    assert status == 2
    assert "which is no number" in said or "Invalid value for" in said


@pytest.mark.parametrize(
    ("arguments", "lock"),
    [
        (("merge", "{results}", "--out", "{out}/all.parquet"), alone_in),
        (("report", "{results}", "--out", "{out}"), alone_in),
        (("benchmark", "--suite", "folder:{csv}", "--out", "{out}"), alone_in),
        (("transfer-gain", "--suite", "folder:{csv}", "--out", "{out}"), alone_in),
        (("compare", "{csv}/t.csv", "--target", "y", "--out", "{out}"), alone_in),
        (("compare", "{csv}/t.csv", "--target", "y", "--save", "{out}/m"), alone_with),
        (("fit", "{csv}/t.csv", "--target", "y", "--out", "{out}/m"), alone_with),
        (("pack-tables", "{csv}", "{out}/m"), alone_with),
        (("validate", "{csv}", "--out", "{out}/m", "--cache", "{csv}/cache"), alone_with),
        (("validation-tables", "{csv}", "{out}"), alone_in),
        (("prior-report", "--out", "{out}"), alone_in),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value.__name__,
)
def test_a_second_run_is_told_so(run, tmp_path, make_rows, arguments, lock):
    paths = {name: tmp_path / name for name in ("csv", "out", "results")}
    paths["csv"].mkdir()
    (paths["csv"] / "t.csv").write_text("x,y\n" + "1,a\n2,b\n" * 20)
    table = {"name": "t", "file": "t.csv", "target": "y", "task": "binary"}
    (paths["csv"] / "manifest.json").write_text(json.dumps([table]))
    pd.DataFrame({"x": [1, 2] * 20, "y": ["a", "b"] * 20}).to_parquet(paths["csv"] / "t.parquet")
    make_rows().to_parquet(paths["results"])
    with ThreadPoolExecutor(1) as pool, ExitStack() as held:
        pool.submit(
            held.enter_context, lock(paths["out"] / "m" if lock is alone_with else paths["out"])
        ).result()
        status, _, said = run(*(argument.format(**paths) for argument in arguments))
        pool.submit(held.close).result()
    assert status == 2
    assert "Another run is writing to" in said
    assert {path.name for path in paths["out"].iterdir()} <= {".lock"}


@pytest.mark.parametrize(
    "command",
    [
        ("benchmark", "--suite", "quickstart"),
        ("transfer-gain", "--suite", "quickstart"),
        ("compare", "{csv}", "--target", "y"),
    ],
    ids=lambda command: command[0],
)
def test_an_interrupted_measurement_says_how_to_go_on(run, tmp_path, monkeypatch, command):
    def stop(*arguments, **settings):
        raise KeyboardInterrupt

    for name in ("run.run", "compare.compare"):
        monkeypatch.setattr(f"tabtransfer.bench.measure.{name}", stop)
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "1,a\n2,b\n" * 20)
    status, _, said = run(*(part.format(csv=path) for part in command), "--out", tmp_path / "r")
    assert status == 130
    assert f"{command[0]}: stopped; what was measured is kept in" in said
    assert "the same command goes on from there." in said
