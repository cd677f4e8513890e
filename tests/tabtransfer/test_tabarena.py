"""The adapter in AutoGluon and TabArena themselves, where they are installed."""

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.datasets.suites import load_table
from tabtransfer.errors import TabTransferError
from tabtransfer.tabarena import TabTransferModel

INSTALLED = find_spec("autogluon") is not None
needs_autogluon = pytest.mark.skipif(not INSTALLED, reason="AutoGluon isn't installed")


@pytest.mark.skipif(INSTALLED, reason="AutoGluon is installed")
def test_without_autogluon_the_way_out_is_named():
    with pytest.raises(TabTransferError, match="pip install tabarena"):
        TabTransferModel(path="", name="")


@pytest.mark.slow
def test_the_package_never_loads_it_by_itself():
    code = (
        "import sys, tabtransfer, tabtransfer.cli, tabtransfer.baselines.registry\n"
        "assert 'tabtransfer.tabarena' not in sys.modules and 'autogluon' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


def _frame(name):
    table = load_table(name)
    return table.X.assign(**{table.y.name: table.y}), table.y.name


@needs_autogluon
def test_autogluon_fits_saves_and_predicts_as_the_classifier_does(tmp_path):
    from autogluon.tabular import TabularPredictor

    frame, target = _frame("wine")
    train, test = frame.iloc[::2], frame.iloc[1::2]
    predictor = TabularPredictor(target, path=str(tmp_path), verbosity=0).fit(
        train,
        hyperparameters={TabTransferModel: [{"random_state": 3, "n_estimators": 2}]},
        fit_weighted_ensemble=False,
        tuning_data=test,
        num_cpus=1,
    )
    loaded = TabularPredictor.load(str(tmp_path))
    p = loaded.predict_proba(test)
    model = TabTransferClassifier(n_estimators=2, random_state=3)
    model.fit(train.drop(columns=target), train[target])
    own = pd.DataFrame(
        model.predict_proba(test.drop(columns=target)), test.index, list(model.classes_)
    )
    assert predictor.model_names() == ["TabTransfer"]
    assert (p.idxmax(axis=1) == test[target]).mean() > 0.95
    assert np.abs(p[own.columns] - own).to_numpy().max() < 1e-3


@needs_autogluon
def test_bags_of_numbers_are_fitted_once_more_on_all_rows(tmp_path):
    from autogluon.tabular import TabularPredictor

    frame, target = _frame("diabetes")
    train, test = frame.iloc[::2], frame.iloc[1::2]
    predictor = TabularPredictor(target, path=str(tmp_path), verbosity=0).fit(
        train,
        hyperparameters={TabTransferModel: [{"n_estimators": 1}]},
        num_bag_folds=2,
        num_bag_sets=1,
        fit_weighted_ensemble=False,
        ag_args_ensemble={"fold_fitting_strategy": "sequential_local"},
        num_cpus=1,
    )
    assert predictor.model_names() == ["TabTransfer_BAG_L1"]
    info = predictor.info()["model_info"]["TabTransfer_BAG_L1"]
    assert len(info["children_info"]) == 1
    own = TabTransferRegressor(n_estimators=1, random_state=0)
    own.fit(train.drop(columns=target), train[target])
    ours = own.score(test.drop(columns=target), test[target])
    assert ours > 0.35
    assert predictor.evaluate(test)["r2"] == pytest.approx(ours, abs=0.05)


@needs_autogluon
def test_tabarena_runs_it_as_an_experiment_on_a_task(tmp_path):
    pytest.importorskip("tabarena")
    from tabarena.benchmark.task.user_task import UserTask
    from tabarena.utils.config_utils import ConfigGenerator

    frame, target = _frame("penguins")
    splits = {0: {0: ([i for i in range(len(frame)) if i % 3], list(range(0, len(frame), 3)))}}
    task = UserTask(task_name="penguins", task_cache_path=tmp_path).create_task(
        target_feature=target,
        problem_type="classification",
        dataset=frame.astype({target: "category"}),
        splits=splits,
    )
    generator = ConfigGenerator(model_cls=TabTransferModel, manual_configs=[{}], search_space={})
    (experiment,) = generator.generate_all_bag_experiments(
        num_random_configs=0,
        fold_fitting_strategy="sequential_local",
        method_kwargs={"init_kwargs": {"path": str(tmp_path / "models")}},
    )
    assert experiment.name.startswith("TabTransfer_c1")
    found = experiment.run(task, 0, "penguins", cache_task_key="penguins")
    assert found["problem_type"] == "multiclass"
    assert found["metric_error"] < 0.2  # log-loss
