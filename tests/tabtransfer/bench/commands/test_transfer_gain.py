import pytest
import typer
from typer.testing import CliRunner

from tabtransfer.bench.commands.benchmark import report
from tabtransfer.bench.commands.transfer_gain import transfer_gain
from tabtransfer.bench.results import read_results
from tabtransfer.errors import TabTransferError


@pytest.fixture
def app():
    app = typer.Typer()
    app.command()(transfer_gain)
    app.command()(report)
    return app


@pytest.fixture
def two_tables(monkeypatch):
    """Keep the command's run short: a suite of one classification and one regression table."""
    from tabtransfer.datasets.suites import SUITES

    monkeypatch.setitem(SUITES, "two", ("iris", "diabetes"))


@pytest.mark.slow
def test_sizes_are_measured_where_tables_have_the_rows(app, two_tables, tmp_path):
    arguments = ["--suite", "two", "--methods", "linear,nearest-neighbors", "--sizes", "128, 32"]
    arguments += ["--n-splits", "1", "--out", str(tmp_path / "r")]
    result = CliRunner().invoke(app, ["transfer-gain", *arguments])
    assert result.exit_code == 0, result.output
    measured = read_results(tmp_path / "r" / "results.parquet")
    assert (measured["status"] == "ok").all()
    sizes = measured.groupby("table")["n_train"].agg(lambda column: sorted(set(column)))
    assert sizes.to_dict() == {"diabetes": [32, 128], "iris": [32]}
    page = (tmp_path / "r" / "report.html").read_bytes()
    again = CliRunner().invoke(app, ["report", str(tmp_path / "r" / "results.parquet")])
    assert again.exit_code == 0, again.output
    assert (tmp_path / "r" / "report.html").read_bytes() == page


@pytest.mark.parametrize("sizes", ["", "32,many", "3,8", "-8"])
def test_wrong_sizes_are_errors_before_any_work(sizes, tmp_path):
    with pytest.raises(TabTransferError, match="--sizes takes numbers of training rows from 4"):
        transfer_gain(sizes=sizes, out=tmp_path / "r")
    assert not (tmp_path / "r").exists()
