import json
import time
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
import typer
from sklearn.linear_model import LogisticRegression
from typer.testing import CliRunner

import tabtransfer
from tabtransfer.baselines.method import Method
from tabtransfer.baselines.registry import get_method
from tabtransfer.bench.analysis.comparison import compare_methods, comparison_command
from tabtransfer.bench.commands.compare import compare
from tabtransfer.bench.measure.budget import REPORT_SECONDS
from tabtransfer.bench.measure.compare import compare as measure
from tabtransfer.bench.measure.run import run
from tabtransfer.bench.measure.user_table import read_user_table
from tabtransfer.bench.measure.winner import METADATA_KEY, best_savable, fit_and_save
from tabtransfer.bench.results import read_results
from tabtransfer.datasets import splits
from tabtransfer.datasets.fingerprints import fingerprint
from tabtransfer.errors import TabTransferError


@pytest.fixture
def shops(tmp_path, monkeypatch):
    """Write a table, and keep its splits to one repeat."""
    monkeypatch.setattr(splits, "count_repeats", lambda n_train: 1)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=90), "shop": rng.choice(["a", "b", None], 90)})
    frame["buys"] = np.where(frame["size"] + 0.3 * rng.normal(size=90) > 0, 1, 0)
    frame["spent"] = (3 * frame["size"] + rng.normal(size=90)).round(4)
    path = tmp_path / "shops.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture
def ask(shops, tmp_path):
    app = typer.Typer()
    app.command()(compare)

    def ask(*arguments):
        out = ["--out", str(tmp_path / "r"), "--jobs", "1"]
        return CliRunner().invoke(app, [str(shops), *arguments, *out])

    return ask


@pytest.mark.slow
def test_one_command_measures_recommends_and_reports(ask, shops, tmp_path, monkeypatch):
    mark = fingerprint("market", pd.read_csv(shops)).to_text()
    header = {"tables": [{"name": "market", "fingerprint": mark}]}
    monkeypatch.setattr("tabtransfer.checkpoint.read_header", lambda path=None: header)
    result = ask("--target", "spent", "--methods", "linear,nearest-neighbors,tabtransfer")
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "RMSE" in said
    assert "Use linear: it has the lowest RMSE" in said
    # The weights know the table, so they aren't measured on it.
    assert "seen as 'market': 2 columns hold the same values (size, spent), the target" in said
    assert "Not compared: tabtransfer (skipped: trained on 'market'" in said
    results = read_results(tmp_path / "r" / "results.parquet")
    assert results[results["method"] == "linear"]["split"].tolist() == [0, 1, 2]
    assert set(results["splits"]) == {"tabarena"}
    page = (tmp_path / "r" / "report.html").read_text()
    assert '<h2 id="comparison">' in page
    assert "Use linear: it has the lowest RMSE" in page
    assert f"tabtransfer compare {tmp_path}" in page


def test_a_method_that_fails_is_tried_once(shops, logistic, tmp_path):
    def fail(random_state, n_threads):
        raise RuntimeError("no luck")

    table, _ = read_user_table([shops], "buys", drop=["shop"])
    methods = [replace(logistic, name="failing", make=fail), logistic]
    results = measure(table, tmp_path / "r", 60, files="shops.csv", methods=methods, n_jobs=1)
    assert results["method"].value_counts().to_dict() == {"logistic": 3, "failing": 1}
    found = compare_methods(results)
    assert (found.error_name, found.n_splits, found.choice) == ("1 − ROC AUC", 3, "logistic")
    assert found.left_out["failing"].startswith("failed: RuntimeError: no luck")
    with pytest.raises(TabTransferError, match="results of other data, or of another target"):
        measure(
            read_user_table([shops], "spent", drop=["shop"])[0],
            *(tmp_path / "r", 60),
            files="shops.csv",
            methods=methods,
        )


@pytest.mark.slow
def test_when_the_time_is_over_no_job_starts_and_a_cut_split_is_marked(tables, logistic, tmp_path):
    path, slow = tmp_path / "r.parquet", _slow("slow", 0)
    settings = {"n_splits": 2, "n_jobs": 1, "deadline": time.monotonic() + 2}
    cut = run("s", tables[:1], [slow, logistic], path, **settings)
    assert cut[["method", "split", "status", "reason"]].to_numpy().tolist() == [
        ["slow", 0, "left_out", "the time was over"],
        ["logistic", 0, "left_out", "the time was over"],
    ]
    quick = [replace(logistic, name="slow", packages=()), logistic]
    first = run("s", tables[:1], quick, path, n_splits=2, n_jobs=1, most_splits=1)
    assert sorted(zip(first["method"], first["status"], strict=True)) == [
        ("logistic", "ok"),
        ("slow", "ok"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "sold"], "no column 'sold'"),
        (["--target", "buys", "--time", "soon"], "no duration"),
        (["--target", "buys", "--methods", "magic"], "magic"),
        (["--target", "buys", "--methods", "linear", "--save", "m"], "none can be saved, only"),
    ],
)
def test_bad_input_is_an_error_before_any_work(ask, tmp_path, arguments, message):
    result = ask(*arguments)
    assert isinstance(result.exception, TabTransferError)
    assert message in str(result.exception)
    assert not (tmp_path / "r").exists()


def test_catboost_is_saved_with_what_reads_it(shops, tmp_path):
    from catboost import CatBoostClassifier

    _, rows = read_user_table([shops], "buys")
    fit_and_save("catboost", rows, tmp_path / "m.cbm")
    model = CatBoostClassifier().load_model(str(tmp_path / "m.cbm"))
    record = json.loads(model.get_metadata()[METADATA_KEY])
    assert record["classes"] == [0, 1]
    assert record["columns"] == ["size", "shop", "spent"]
    assert record["categorical"] == ["shop"]
    frame = rows.X.assign(shop=rows.X["shop"].fillna(record["missing"]))
    assert (model.predict(frame) == rows.y).mean() > 0.8


def test_our_network_is_saved_for_predict(shops, tmp_path):
    _, rows = read_user_table([shops], "spent")
    fit_and_save("tabtransfer", rows, tmp_path / "models" / "m.model")
    model = tabtransfer.load(tmp_path / "models" / "m.model")
    assert np.corrcoef(model.predict(rows.X), rows.y)[0, 1] > 0.9


@pytest.mark.slow
def test_opponents_get_what_we_get_of_dates_and_durations(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    day, hours = rng.integers(0, 700, 90), rng.integers(1, 100, 90)
    frame = pd.DataFrame(
        {
            "when": pd.Timestamp("2023-01-01") + pd.to_timedelta(day, "D"),
            "took": pd.to_timedelta(hours, "h"),
            "cost": day + 5.0 * hours,
        }
    )
    frame.to_parquet(tmp_path / "work.parquet")
    table, rows = read_user_table([tmp_path / "work.parquet"], "cost")
    assert (table.metadata.n_categorical, table.metadata.kind) == (0, "numeric")
    methods = [get_method(name) for name in ("linear", "catboost", "xgboost")]
    results = run("s", [table], methods, tmp_path / "r", n_splits=1, n_jobs=1)
    assert results.set_index("method")["status"].to_dict() == dict.fromkeys(
        ("linear", "catboost", "xgboost"), "ok"
    )
    assert results.set_index("method").loc["linear", "r2"] > 0.99
    found = compare_methods(results)
    assert best_savable(found, rows.X) is None  # CatBoost's format can't say what dates become
    assert best_savable(found, rows.X[[]]) == "catboost"


def test_columns_that_nothing_reads_are_refused_before_any_work(tmp_path):
    frame = pd.DataFrame({"tags": [[1, 2]] * 40, "size": range(40), "y": [0, 1] * 20})
    frame.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(TabTransferError, match=r"'tags' .*Leave it out with --drop"):
        read_user_table([tmp_path / "t.parquet"], "y")
    assert read_user_table([tmp_path / "t.parquet"], "y", drop=["tags"])[0].X.shape == (40, 1)


def _slow(name, most_rows):
    """Make a method that takes a minute to learn from more rows than these."""

    class Slow(LogisticRegression):
        def fit(self, X, y):
            import time

            time.sleep(60 if len(X) > most_rows else 0)
            return super().fit(X, y)

    return Method(name, lambda random_state, n_threads: Slow(max_iter=50))


@pytest.mark.slow
def test_the_main_methods_get_a_split_from_fewer_rows_where_the_time_is_short(
    tables, logistic, tmp_path, monkeypatch
):
    monkeypatch.setattr(splits, "count_repeats", lambda n_train: 1)
    methods = [_slow("tabtransfer", 60), _slow("catboost", 1000), logistic]
    path, told = tmp_path / "r.parquet", []
    settings = {"files": "wine.csv", "methods": methods, "n_jobs": 1, "tell": told.append}
    results = measure(tables[1], path, 12, **settings)
    first = results[results["split"] == 0].set_index("method")
    assert first["status"].to_dict() == dict.fromkeys(["tabtransfer", "catboost", "logistic"], "ok")
    assert (first["n_train"] == 50).all()
    assert told == [
        "tabtransfer doesn't get through one split in the time, so all methods learn from at most "
        "50 rows. Give more --time to learn from more."
    ]
    again = measure(tables[1], path, 12, **settings)
    assert (again["max_train"] == 50).all() and "holds results on at most 50" in told[-1]


def test_the_main_methods_get_a_split_where_the_time_is_over_before_it_begins(
    tables, logistic, tmp_path
):
    methods = [replace(logistic, name=name) for name in ("linear", "tabtransfer", "catboost")]
    told, path = [], tmp_path / "r.parquet"
    settings = {"files": "wine.csv", "methods": methods, "n_jobs": 1, "tell": told.append}
    results = measure(tables[1], path, 60, spent=70, **settings)
    assert results.set_index("method")["status"].to_dict() == {
        **dict.fromkeys(["tabtransfer", "catboost"], "ok"),
        "linear": "left_out",
    }
    assert (results["max_train"] == 50).all()
    assert told[-1] == "The time is too short, and this goes on until both have one split."
    assert compare_methods(results).n_splits == 1
    assert "--time 60s" in comparison_command(results)


def test_reading_report_and_last_fit_are_counted_in(ask, shops, monkeypatch):
    given = {}

    def measure(table, path, seconds, **settings):
        given.update(settings, seconds=seconds)
        raise TabTransferError("enough")

    monkeypatch.setattr("tabtransfer.bench.measure.compare.compare", measure)
    ask("--target", "buys", "--time", "2m", "--save", str(shops.with_name("m.model")))
    assert given["seconds"] == 120
    assert REPORT_SECONDS < given["spent"] < 120
    assert given["rows_to_fit"] == 90
    ask("--target", "buys", "--time", "2m")
    assert given["rows_to_fit"] == 0


def test_each_note_on_a_column_can_be_silenced(ask, shops, monkeypatch):
    frame = pd.read_csv(shops).drop(columns="spent")
    frame["fee [€]"] = [f"{number + 0.25} €" for number in range(89)] + ["free"]
    frame["site, old"], frame["leak"] = "north", frame["buys"] * 2.5
    frame["seen"] = [f"0{1 + row % 9}/02/20{10 + row % 12}" for row in range(90)]
    frame.to_csv(shops, index=False)
    measure = "tabtransfer.bench.measure.compare.compare"
    monkeypatch.setattr(measure, Mock(side_effect=TabTransferError("enough")))
    monkeypatch.setattr("tabtransfer.datasets.audit.find_seen", Mock(return_value=[]))

    def named(*silenced):
        said = ask("--target", "buys", *silenced).stderr
        return {name for name in frame if f"Column {name!r}" in said}

    every = {"fee [€]", "site, old", "leak", "seen"}
    assert named() == every
    assert named("--silence", '"fee [€]", leak') == {"site, old", "seen"}
    assert named("--silence", '"site, old", seen') == {"fee [€]", "leak"}


def test_the_model_is_saved_before_anything_is_shown(ask, tmp_path, monkeypatch):
    done = []

    def fail(*shown):
        raise UnicodeEncodeError("cp1252", "−", 0, 1, "no such character")

    command = "tabtransfer.bench.commands.compare."
    monkeypatch.setattr(f"{command}_check_save", lambda *arguments: None)
    monkeypatch.setattr(f"{command}_save", lambda *arguments: done.append("saved"))
    monkeypatch.setattr(f"{command}_show", fail)
    result = ask("--target", "buys", "--methods", "linear", "--save", str(tmp_path / "m.cbm"))
    assert isinstance(result.exception, UnicodeEncodeError)
    assert done == ["saved"] and (tmp_path / "r" / "report.html").exists()
