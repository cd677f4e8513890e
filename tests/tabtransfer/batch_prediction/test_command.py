import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

import tabtransfer
from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.batch_prediction.command import fit, predict
from tabtransfer.errors import TabTransferError
from tabtransfer.table_files.options import split_names


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(fit)
    app.command()(predict)

    def invoke(*arguments):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return invoke


@pytest.fixture
def folder(frame, tmp_path):
    frame.to_csv(tmp_path / "all.csv", index=False)
    frame[:30].to_parquet(tmp_path / "p0.parquet", index=False)
    frame[30:].to_parquet(tmp_path / "p1.parquet", index=False)
    return tmp_path


def test_fit_then_predict_classes(run, folder, frame, X):
    said = run("fit", folder / "all.csv", "--target", "kind", "--drop", "id",
               "--n-estimators", 1, "--threads", 1,
               "--out", folder / "new" / "m.model")  # fmt: skip
    assert "The task is classification of 'kind', because it holds words" in said
    assert "60 rows, 4 columns" in said
    model = tabtransfer.load(folder / "new" / "m.model")
    assert isinstance(model, TabTransferClassifier) and model.n_estimators == 1
    assert model.random_state == 0 and model.n_threads == 1 and not model.verbose
    expected = model.predict_proba(X)

    said = run("predict", folder / "new" / "m.model", folder / "all.csv", "--out", folder / "c.csv")
    assert "Left aside, because the model doesn't know them: 'id', 'kind'" in said
    assert "60 rows" in said
    np.testing.assert_allclose(pd.read_csv(folder / "c.csv").iloc[:, 1:], expected, atol=1e-9)

    run("predict", folder / "new" / "m.model", folder / "p*.parquet", "--keep", "id,word",
        "--out", folder / "c.parquet")  # fmt: skip
    found = pd.read_parquet(folder / "c.parquet")
    assert list(found)[:3] == ["id", "word", "prediction"]
    assert found["id"].tolist() == frame["id"].tolist()
    np.testing.assert_allclose(found.iloc[:, 3:], expected, atol=1e-9)


def test_fit_then_predict_numbers(run, folder, X):
    said = run("fit", folder / "p0.parquet", folder / "p1.parquet", "--target", "whole",
               "--drop", "id,kind", "--n-estimators", 1, "--out", folder / "m")  # fmt: skip
    assert "The task is regression of 'whole', because it holds numbers" in said
    model = tabtransfer.load(folder / "m")
    assert isinstance(model, TabTransferRegressor)
    run("predict", folder / "m", folder / "all.csv", "--quantiles", "0.2, 0.8",
        "--out", folder / "r.csv.gz")  # fmt: skip
    found = pd.read_csv(folder / "r.csv.gz")
    assert list(found) == ["prediction", "quantile_0.2", "quantile_0.8"]
    expected = model.predict(X.drop(columns="whole"))
    np.testing.assert_allclose(found["prediction"], expected, rtol=1e-9)


@pytest.mark.parametrize("option", ["--trees", "--no-trees"])
def test_fit_without_trees_fits_no_learners(run, folder, option):
    run("fit", folder / "all.csv", "--target", "kind", "--drop", "id", "--n-estimators", 1,
        option, "--out", folder / "m")  # fmt: skip
    model = tabtransfer.load(folder / "m")
    assert model.trees == (option == "--trees")
    assert (model.fitted_.learners is not None) == model.trees


@pytest.fixture
def saved(classifier, folder):
    classifier.save(folder / "m.model")
    return folder


def contents(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no.csv", "--out", "x.csv"], "There is no file .*no.csv"),
        (["all.csv", "--out", "x.xlsx"], "x.xlsx has no suffix of a table"),
        (["all.csv", "--out", "all.csv"], "is a file that is read"),
        (["p*.parquet", "--out", "p1.parquet"], "is a file that is read"),
        (["all.csv", "--out", "folder.csv"], "is a folder"),
        (["all.csv", "--out", "all.csv/x.csv"], "all.csv is no folder. Give another"),
        (["all.csv", "--out", "x.csv", "--keep", "city"], "lacks the columns 'city'"),
        (["narrow.csv", "--out", "x.csv"], "narrow.csv lacks the columns 'whole', 'flag', 'word'"),
        (["empty.csv", "--out", "x.csv"], "empty.csv holds no rows"),
        (
            ["words.csv", "--out", "x.csv"],
            "Column 'number' held numbers in fit: .*'lots'.*--decimal",
        ),
        (["all.csv", "--out", "x.csv", "--quantiles", "low"], "--quantiles takes numbers"),
        (["all.csv", "--out", "x.csv", "--quantiles", "0.5"], "predicts classes"),
    ],
)
def test_bad_input_is_named_and_nothing_is_written(run, saved, frame, arguments, message):
    frame[["number"]].to_csv(saved / "narrow.csv", index=False)
    frame[:0].to_csv(saved / "empty.csv", index=False)
    frame.astype({"number": object}).replace({"number": {np.nan: "lots"}}).to_csv(
        saved / "words.csv", index=False
    )
    (saved / "folder.csv").mkdir()
    before = contents(saved)
    table, option, out, *rest = arguments
    with pytest.raises(TabTransferError, match=message):
        run("predict", saved / "m.model", saved / table, option, saved / out, *rest)
    assert contents(saved) == before


def test_models_that_cannot_predict_are_named(run, classifier, folder):
    with pytest.raises(TabTransferError, match="no saved model at"):
        run("predict", folder / "none", folder / "all.csv", "--out", folder / "x.csv")
    classifier.save(folder / "m", training_rows=False)
    with pytest.raises(TabTransferError, match="without its training rows"):
        run("predict", folder / "m", folder / "all.csv", "--out", folder / "x.csv")


def test_unknown_targets_are_named(run, folder):
    with pytest.raises(TabTransferError, match=r"all\.csv has no column 'price'"):
        run("fit", folder / "all.csv", "--target", "price", "--out", folder / "m")


def test_names_with_commas_can_be_given():
    assert split_names('"size, m2", b,, b') == ("size, m2", "b")


def test_a_german_table_is_fitted_and_predicted(run, folder, frame):
    path = folder / "tabelle.csv"
    shown = frame.assign(**{"größe, m2": frame["number"], "id": "NA"}).drop(columns="number")
    shown.to_csv(path, sep=";", decimal=",", encoding="cp1252", index=False)
    said = run("fit", path, "--target", "kind", "--drop", '"größe, m2"', "--n-estimators", 1,
               "--out", folder / "m")  # fmt: skip
    assert "semicolons between cells, in cp1252, with decimal commas; --sep" in said
    model = tabtransfer.load(folder / "m")
    assert list(model.feature_names_in_) == ["whole", "flag", "word", "id"]
    run("fit", path, "--target", "kind", "--drop", "id", "--n-estimators", 1,
        "--out", folder / "m")  # fmt: skip
    run("predict", folder / "m", path, "--keep", 'id,"größe, m2"', "--out", folder / "c.csv")
    found = pd.read_csv(folder / "c.csv", keep_default_na=False)
    assert found["id"].tolist() == ["NA"] * 60
    X = frame.assign(**{"größe, m2": frame["number"]})[["whole", "flag", "word", "größe, m2"]]
    expected = tabtransfer.load(folder / "m").predict_proba(X)
    np.testing.assert_allclose(found.iloc[:, -2:].astype(float), expected, atol=1e-9)


def test_what_is_odd_about_columns_is_said_but_not_of_silenced_ones(run, folder):
    path = folder / "t.csv"
    rows = [f"{row % 9},same,same,{'yes' if row % 3 else 'no'}" for row in range(60)]
    path.write_text("\n".join(["a,b,c,y", *rows]))
    said = run("fit", path, "--target", "y", "--out", folder / "m", "--n-estimators", 1,
               "--silence", "c")  # fmt: skip
    assert "Column 'b' has the same value in all rows." in said
    assert "Column 'a' predicts the target alone (ROC AUC of 1.000)" in said
    assert "Column 'c'" not in said
