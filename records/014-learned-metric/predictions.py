"""Score closed-form predictions, without any network, on tasks drawn from packed real tables.

usage: python predictions.py PACKED VALIDATION {classification,regression} N_TASKS

PACKED is what `tabtransfer pack-tables` wrote, VALIDATION the folder of tables it was kept apart
from. Tasks have 200 to 1,600 rows, of which 70 % are for training. Prints the mean and median ROC
AUC (one-vs-one) or R² (at least -1) and how often a prediction beats the one by correlation.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from tabtransfer import laplace
from tabtransfer.cells import ColumnStatistics
from tabtransfer.kernel_features import FeatureLayout
from tabtransfer.kernels import LINEAR_RIDGE, _trust
from tabtransfer.laplace import LaplaceRidge
from tabtransfer.network import _label_channels
from tabtransfer.pretrain.packed_tables import read_tables
from tabtransfer.pretrain.real_tasks import RealTasks
from tabtransfer.pretrain.scores import one_vs_one_auc, r_squared
from tabtransfer.ridge import products, solve
from tabtransfer.tasks import TaskBatch


def predictions(task: TaskBatch) -> dict[str, torch.Tensor]:
    """Predict the label channels of the query rows, in standard deviations."""
    n, weights = task.n_train, task.row_weights
    channels = _label_channels(task)
    columns = ColumnStatistics.of(task, channels)
    known = columns.describe(task.values[:, :n], task.missing[:, :n], channels, weights)
    query = columns.describe(task.values[:, n:], task.missing[:, n:])
    shares = (weights / weights.sum(-1, keepdim=True))[..., None]
    layout, features = FeatureLayout.of(task, known, shares)
    asked = layout.features(task.values[:, n:], query)
    mean = (shares * channels).sum(1, keepdim=True)
    deviation = (shares * (channels - mean).square()).sum(1, keepdim=True).sqrt() + 1e-6
    labels = (channels - mean) / deviation
    trust = _trust(features, labels, shares).sqrt()
    dual, _ = solve(products, features, labels, weights, LINEAR_RIDGE)
    plain, _ = LaplaceRidge.of(features, torch.ones_like(trust), labels, weights)
    trusting, _ = LaplaceRidge.of(features, trust, labels, weights)
    found = {
        "linear": asked @ (features.mT @ dual),
        "Laplace, columns alike": plain.predict(asked),
        "Laplace, by correlation": trusting.predict(asked),
    }
    for reach, steps, start, name in (
        (1.0, 1, trusting, "reach 1, 1 step"),
        (1.0, 2, trusting, "reach 1, 2 steps"),
        (1.0, 3, trusting, "reach 1, 3 steps"),
        (2.0, 2, trusting, "reach 2, 2 steps"),
        (2.0, 2, plain, "reach 2, 2 steps, from columns alike"),
    ):
        laplace.LEARNED_REACH, laplace.METRIC_STEPS = reach, steps
        learned, _ = start.with_learned_metric(features, labels, weights)
        found[f"learned metric, {name}"] = learned.predict(asked)
    return {name: (channel * deviation + mean)[0] for name, channel in found.items()}


def score(task: TaskBatch) -> dict[str, float]:
    """Score every prediction and a random forest of 100 trees."""
    n, labels = task.n_train, task.labels[0].numpy()
    cells = task.values[0].masked_fill(task.missing[0], -9.0).numpy()
    scores = {}
    if task.is_regression:
        for name, channels in predictions(task).items():
            scores[name] = r_squared(channels[:, 0].double().numpy(), labels[n:].astype(float))
        forest = RandomForestRegressor(100, max_features=1 / 3, random_state=0)
        forest.fit(cells[:n], labels[:n])
        scores["random forest"] = r_squared(forest.predict(cells[n:]), labels[n:].astype(float))
        return scores
    for name, channels in predictions(task).items():
        scores[name] = one_vs_one_auc((3.0 * channels.double()).softmax(-1).numpy(), labels[n:])
    classifier = RandomForestClassifier(100, random_state=0).fit(cells[:n], labels[:n])
    probabilities = np.zeros((len(labels) - n, int(task.n_classes[0])))
    probabilities[:, classifier.classes_] = classifier.predict_proba(cells[n:])
    scores["random forest"] = one_vs_one_auc(probabilities, labels[n:])
    return scores


def main() -> None:
    """Draw tasks, score and print."""
    packed, validation, kind, n_tasks = sys.argv[1:]
    torch.set_num_threads(1)
    real = RealTasks(read_tables(Path(packed), Path(validation)).tables)
    rows: list[dict[str, float]] = []
    place = 0
    while len(rows) < int(n_tasks):
        place += 1
        random = np.random.default_rng([5, place])
        n_rows = int(np.exp(random.uniform(np.log(200), np.log(1600))))
        regression = kind == "regression"
        task = real.batch(random, n_rows, int(0.7 * n_rows), 1, (1, 1), 40, regression)
        if task is None or task.labels.shape[1] - task.n_train < 40:
            continue
        if regression or int(task.n_classes[0]) > 1:
            rows.append(score(task))
    frame = pd.DataFrame(rows).clip(lower=-1.0).dropna()
    correlation = frame["Laplace, by correlation"]
    wins = {name: (frame[name] > correlation).mean() for name in frame}
    print(len(frame), "tasks")
    print(pd.DataFrame({"mean": frame.mean(), "median": frame.median(), "wins": wins}).round(4))


if __name__ == "__main__":
    main()
