import logging
import subprocess
import sys
import warnings

import numpy as np
import pytabkit
import pytest

from tabtransfer.baselines.pytabkit import REALMLP, TABM, RealMLPClassifier, TabMRegressor
from tabtransfer.datasets.suites import load_table

TRAIN, TEST = slice(None, None, 2), slice(1, None, 2)
SMALL = {"n_epochs": 2, "tabm_k": 4, "d_block": 32}


def test_predictions_are_those_of_realmlp_called_directly():
    table = load_table("wine")
    direct = pytabkit.RealMLP_TD_Classifier(
        device="cpu", random_state=7, n_threads=1, n_epochs=4
    ).fit(table.X[TRAIN], table.y[TRAIN].to_numpy())
    ours = RealMLPClassifier({"n_epochs": 4}, random_state=7).fit(table.X[TRAIN], table.y[TRAIN])
    assert list(ours.classes_) == list(direct.classes_)
    expected = direct.predict_proba(table.X[TEST])
    assert np.allclose(ours.predict_proba(table.X[TEST]), expected, atol=1e-6)


def test_numbers_are_predicted_as_by_tabm_called_directly():
    table = load_table("diabetes")
    direct = pytabkit.TabM_D_Regressor(device="cpu", random_state=7, n_threads=1, **SMALL)
    # The adapter puts categories first.
    X = table.X[["sex", *table.X.columns.drop("sex")]]
    expected = direct.fit(X[TRAIN], table.y[TRAIN].to_numpy()).predict(X[TEST])
    ours = TabMRegressor(SMALL, random_state=7).fit(table.X[TRAIN], table.y[TRAIN])
    assert np.allclose(ours.predict(table.X[TEST]), expected, rtol=1e-4)


def test_realmlp_learns_a_table_that_is_easy():
    table = load_table("iris")
    model = RealMLPClassifier({"n_epochs": 64}).fit(table.X[TRAIN], table.y[TRAIN])
    assert model.score(table.X[TEST], table.y[TEST]) > 0.93


def test_nothing_is_said_and_the_log_level_is_as_before(capfd, messy):
    X, y = messy
    level = logging.getLogger("pytorch_lightning").level
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RealMLPClassifier({"n_epochs": 1}).fit(X, y).predict(X)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("pytorch_lightning").level == level


@pytest.mark.slow
def test_the_first_fit_of_a_process_says_nothing_either():
    code = (
        "from tabtransfer.baselines.pytabkit import RealMLPClassifier as Model;"
        "Model({'n_epochs': 1}).fit([[0.0], [1.0]] * 20, [0, 1] * 20)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("method", [REALMLP, TABM], ids=lambda method: method.name)
def test_without_the_package_the_way_to_it_is_named(method, monkeypatch):
    assert method.unavailable() is None
    monkeypatch.setattr("tabtransfer.baselines.method.find_spec", lambda name: None)
    assert method.unavailable().endswith('installed: pip install "tabtransfer[pytabkit]"')
