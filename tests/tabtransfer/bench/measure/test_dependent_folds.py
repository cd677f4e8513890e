"""Comparisons on tables on which plain folds lie by construction."""

import numpy as np
import pandas as pd
import pytest
import typer
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from typer.testing import CliRunner

from tabtransfer.baselines.method import Method
from tabtransfer.bench.analysis.comparison import compare_methods, comparison_command
from tabtransfer.bench.commands.compare import compare
from tabtransfer.bench.measure.compare import compare as measure
from tabtransfer.bench.measure.user_table import FoldsBy, read_user_table
from tabtransfer.bench.report.pages import write_report
from tabtransfer.bench.results import read_results, without_plain_folds
from tabtransfer.datasets import dependent_splits
from tabtransfer.errors import TabTransferError


@pytest.fixture
def nearest():
    """Make a method that answers by the most similar row."""
    return Method(
        "nearest",
        lambda random_state, n_threads: KNeighborsClassifier(1),
        make_regressor=lambda random_state, n_threads: KNeighborsRegressor(1),
    )


@pytest.fixture
def customers(tmp_path):
    """Write rows of customers whose answers are chance, and who are known by their features."""
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(40), 6)
    frame = pd.DataFrame(rng.normal(size=(40, 3))[who] + 0.01 * rng.normal(size=(240, 3)))
    frame.columns = ["age", "height", "weight"]
    frame["customer"] = [f"c{number}" for number in who]
    frame["buys"] = rng.permutation([0, 1] * 20)[who]
    path = tmp_path / "customers.csv"
    frame.sample(frac=1, random_state=0).to_csv(path, index=False)
    return path


@pytest.fixture
def drifting(tmp_path):
    """Write prices that rise by the month, so that the next ones are higher than any before."""
    month = np.arange(60)
    frame = pd.DataFrame({"month": month, "price": month + 0.5 * (month % 2)})
    path = tmp_path / "sales.csv"
    frame.sample(frac=1, random_state=0).to_csv(path, index=False)
    return path


@pytest.mark.slow
def test_new_customers_are_harder_than_plain_folds_say(customers, nearest, tmp_path, monkeypatch):
    monkeypatch.setattr("tabtransfer.baselines.registry.resolve_methods", lambda names: [nearest])
    monkeypatch.setattr(dependent_splits, "count_repeats", lambda n_train: 1)
    app = typer.Typer()
    app.command()(compare)
    arguments = ["--target", "buys", "--methods", "nearest", "--time", "2m"]
    arguments += ["--out", str(tmp_path / "r"), "--jobs", "1"]
    said = CliRunner().invoke(app, [str(customers), "--group", "customer", *arguments])
    assert said.exit_code == 0, said.output
    path = tmp_path / "r" / "results.parquet"
    results = read_results(path)
    well = results[results["status"] == "ok"].groupby("splits")["roc_auc"].mean()
    assert well["tabarena"] > 0.9 and abs(well["grouped"] - 0.5) < 0.2
    assert set(without_plain_folds(results)["folds_by"]) == {"customer"}
    plain = compare_methods(results).plain
    assert plain.method == "nearest" and len(plain.errors) == 3
    assert f"would have said ROC AUC {well['tabarena']:.3g} of" in plain.sentence
    assert "on a customer it hasn't seen, it is 0." in plain.sentence
    assert plain.sentence in " ".join(said.output.split())
    page = (tmp_path / "r" / "report.html").read_text()
    assert "nearest, plain folds" in page
    assert "grouped (by customer) split" in page
    assert "--group customer --time" in comparison_command(results)
    for other in ([], ["--group", "age"], ["--time-column", "age"]):
        refused = CliRunner().invoke(app, [str(customers), *other, *arguments])
        assert "holds results on grouped folds by 'customer'" in str(refused.exception)


@pytest.mark.slow
def test_later_rows_are_harder_than_plain_folds_say(drifting, nearest, tmp_path):
    table, rows = read_user_table([drifting], "price", folds_by=FoldsBy("temporal", "month"))
    assert list(table.X) == ["month"] and "by month" in rows.notes[-1]
    methods = [nearest]
    settings = {"files": str(drifting), "methods": methods, "n_jobs": 1}
    results = measure(table, tmp_path / "r.parquet", 60, **settings)
    well = results.groupby("splits")["rmse"].mean()
    assert well["temporal"] > 3 * well["tabarena"]
    found = compare_methods(results)
    assert found.n_splits == 3 and found.error_name == "RMSE"
    assert "on rows later by month, it is" in found.plain.sentence
    again = measure(table, tmp_path / "r.parquet", 60, **settings)
    assert again["finished"].tolist() == results["finished"].tolist()
    assert not write_report(results, tmp_path / "page").empty


def test_the_column_of_folds_is_checked_and_rows_without_it_are_left_out(customers):
    frame = pd.read_csv(customers)
    frame.loc[:9, "customer"] = None
    frame.to_csv(customers, index=False)
    by_group = FoldsBy("grouped", "customer")
    table, rows = read_user_table([customers], "buys", ["customer", "age"], folds_by=by_group)
    assert table.X.shape == (230, 2) and len(rows.y) == len(table.folds_by.values) == 230
    assert "10 rows without one are left out" in rows.notes[-1]
    for column, message in (("custmer", "Did you mean 'customer'"), ("buys", "beside the target")):
        with pytest.raises(TabTransferError, match=message):
            read_user_table([customers], "buys", folds_by=FoldsBy("grouped", column))
    with pytest.raises(TabTransferError, match="no order in time"):
        read_user_table([customers], "buys", folds_by=FoldsBy("temporal", "customer"))
