import pytest
import typer
from typer.testing import CliRunner

from tabtransfer.bench.command import benchmark, report
from tabtransfer.bench.results import read_results
from tabtransfer.errors import TabTransferError


@pytest.fixture
def app():
    app = typer.Typer()
    app.command()(benchmark)
    app.command()(report)
    return app


@pytest.fixture
def one_table(monkeypatch):
    """Keep the command's run short: a suite of one classification and one regression table."""
    from tabtransfer.datasets.suites import SUITES

    monkeypatch.setitem(SUITES, "one", ("iris", "diabetes"))


def test_benchmark_then_report_from_the_table_alone(app, one_table, tmp_path):
    runner = CliRunner()
    arguments = ["--suite", "one", "--methods", "logistic-regression", "--n-splits", "1"]
    result = runner.invoke(app, ["benchmark", *arguments, "--out", str(tmp_path / "r")])
    assert result.exit_code == 0, result.output
    assert "logistic-regression" in result.output
    assert read_results(tmp_path / "r" / "results.parquet")["table"].tolist() == ["iris"]
    again = runner.invoke(
        app, ["report", str(tmp_path / "r" / "results.parquet"), "--out", str(tmp_path / "again")]
    )
    assert again.exit_code == 0, again.output
    for name in ("report.html", "leaderboard.csv", "leaderboard.png"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "r" / name).read_bytes()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"suite": "nowhere"}, "nowhere"),
        ({"methods": "catboost,magic"}, "magic"),
        ({"methods": " , "}, "No method given"),
    ],
)
def test_wrong_names_are_errors_before_any_work(settings, message, tmp_path):
    with pytest.raises(TabTransferError, match=message):
        benchmark(**settings, out=tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_report_of_something_else_is_an_error(tmp_path):
    with pytest.raises(TabTransferError, match="No results table"):
        report(tmp_path / "results.parquet")
