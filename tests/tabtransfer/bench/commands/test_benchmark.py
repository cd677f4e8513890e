import pytest
import typer
from typer.testing import CliRunner

from tabtransfer.bench.commands.benchmark import benchmark, merge, report
from tabtransfer.bench.results import read_results
from tabtransfer.errors import TabTransferError


@pytest.fixture
def app():
    app = typer.Typer()
    app.command()(benchmark)
    app.command()(merge)
    app.command()(report)
    return app


@pytest.fixture
def one_table(monkeypatch):
    """Keep the command's run short: a suite of one classification and one regression table."""
    from tabtransfer.datasets.suites import SUITES

    monkeypatch.setitem(SUITES, "one", ("iris", "diabetes"))


@pytest.mark.slow
def test_benchmark_then_report_from_the_table_alone(app, one_table, tmp_path):
    runner = CliRunner()
    arguments = ["--suite", "one", "--methods", "linear", "--n-splits", "1"]
    result = runner.invoke(app, ["benchmark", *arguments, "--out", str(tmp_path / "r")])
    assert result.exit_code == 0, result.output
    assert "linear" in result.output
    assert "Outside fit and predict: " in result.output
    measured = read_results(tmp_path / "r" / "results.parquet").set_index("table")
    assert measured["status"].to_dict() == {"iris": "ok", "diabetes": "ok"}
    again = runner.invoke(
        app, ["report", str(tmp_path / "r" / "results.parquet"), "--out", str(tmp_path / "again")]
    )
    assert again.exit_code == 0, again.output
    for name in ("report.html", "leaderboard.csv", "leaderboard.png"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "r" / name).read_bytes()


@pytest.mark.slow
def test_searches_take_the_time_that_is_given(app, one_table, tmp_path):
    arguments = ["--suite", "one", "--methods", "linear,linear-tuned", "--n-splits", "1"]
    options = [*arguments, "--search-time", "1", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, ["benchmark", *options])
    assert result.exit_code == 0, result.output
    measured = read_results(tmp_path / "results.parquet").set_index("method")
    assert measured["search_seconds"].groupby(level=0).agg(list).astype(str).to_dict() == {
        "linear": "[nan, nan]",
        "linear-tuned": "[1.0, 1.0]",
    }
    assert measured.loc["linear-tuned", "fit_seconds"].between(0.1, 10).all()
    assert "--search-time 1 " in (tmp_path / "report.html").read_text()


@pytest.mark.slow
def test_the_time_ends_the_run_and_sizes_are_measured_where_tables_have_the_rows(
    app, one_table, tmp_path
):
    options = ["--suite", "one", "--methods", "linear", "--out", str(tmp_path), "--jobs", "1"]
    late = CliRunner().invoke(app, ["benchmark", *options, "--time", "1s"])
    assert isinstance(late.exception, TabTransferError)
    assert "Nothing was measured in the time: give more --time." in str(late.exception)
    sizes = ["--max-train", "60,150", "--n-splits", "2,1", "--time", "10m"]
    done = CliRunner().invoke(app, ["benchmark", *options, *sizes])
    assert done.exit_code == 0, done.output
    assert "Up to 150 training rows:" in done.output
    measured = read_results(tmp_path / "results.parquet")
    found = measured.groupby(["max_train", "table"])["n_train"].agg(list).to_dict()
    assert found == {
        (60, "diabetes"): [60, 60],
        (60, "iris"): [60, 60],
        (150, "diabetes"): [150],
        (150, "iris"): [75],
    }
    assert "--n-splits 2,1 --seed 0 --max-train 60,150 " in (tmp_path / "report.md").read_text()


def test_merge_writes_one_file(app, tmp_path, make_results):
    for name, scores in (("a", {"t": {"m": 0.9}}), ("b", {"u": {"m": 0.8}})):
        make_results(scores).to_parquet(tmp_path / name)
    arguments = [str(tmp_path / name) for name in ("a", "b")]
    result = CliRunner().invoke(app, ["merge", *arguments, "--out", str(tmp_path / "c" / "both")])
    assert result.exit_code == 0, result.output
    assert "2 jobs in" in result.output
    assert read_results(tmp_path / "c" / "both")["table"].tolist() == ["t", "u"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"suite": "nowhere"}, "nowhere"),
        ({"methods": "catboost,magic"}, "magic"),
        ({"methods": " , "}, "No method given"),
        ({"n_splits": "0"}, "number from 1 or tabarena, not '0'"),
        ({"n_splits": "many"}, "not 'many'"),
        ({"max_train": "1"}, "numbers of training rows from 2, such as 1000,10000, not '1'"),
        ({"max_train": "100,1000", "n_splits": "3,2,1"}, "names 3 numbers, and --max-train"),
        ({"max_train": "100,1000", "n_splits": "tabarena"}, "give --max-train one number"),
        ({"time": "soon"}, "no duration"),
        (
            {"methods": "catboost,linear-tuned", "time_limit": 20.0},
            "20 ends linear-tuned before the 30 s",
        ),
        (
            {"methods": "linear-tuned,mlp-tuned", "time_limit": 5.0, "search_time": 6.0},
            "5 ends linear-tuned, mlp-tuned before the 6 s",
        ),
    ],
)
def test_wrong_settings_are_errors_before_any_work(settings, message, tmp_path):
    with pytest.raises(TabTransferError, match=message):
        benchmark(**settings, out=tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_report_of_something_else_is_an_error(tmp_path):
    with pytest.raises(TabTransferError, match="No results table"):
        report(tmp_path / "results.parquet")
