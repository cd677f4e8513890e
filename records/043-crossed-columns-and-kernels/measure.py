"""Scores of the whole estimators where one of their learners reads or tries something else.

usage: python records/043-crossed-columns-and-kernels/measure.py TABLES.json ROWS OUT.csv VARIANT...

TABLES.json lists tables ("name", "file", "target", "task"), whose Parquet files lie beside it. ROWS
of each are trained on, .64 of smaller tables, and up to 3,000 others predicted. VARIANT is one of
"triples", "differences" (boosted trees), "codes as numbers", "700 rows" and "additive" (kernel);
the other learners are fitted once. Losses are logarithms: of RMSE, or of the log loss and .01.
"""

import json
import sys
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

import tabtransfer.inference.fitting as fitting
import tabtransfer.learners.category_means as category_means
import tabtransfer.learners.kernel as kernel
from tabtransfer import TabTransferClassifier, TabTransferRegressor

BASE = "as it is"
LEARNER = {"triples": 1, "differences": 1, "codes as numbers": 2, "700 rows": 2, "additive": 2}
LEVELS = np.arange(0.05, 1, 0.05)
MOST_TRIPLES = MOST_DIFFERENCES = 8
LEAST_CORRELATION = 0.002  # squared, that a difference has beyond its number
REACHES, RIDGES = (0.5, 1.0, 3.0), (0.02, 0.1)

fit_learners, choose_kernel = fitting.fit_learners, kernel._choose
similarities, best_pairs = kernel._similarities, category_means.LabelledGroups._best_pairs


class Trial:
    """What is tried, the learners as they are, and what was found."""

    def __init__(self):
        self.start(BASE)
        self.base = None

    def start(self, variant):
        self.variant, self.found = variant, ""

    def fit_learners(self, table, labels, n_classes, rows, settings, *others):
        if self.variant == BASE:
            self.base = fit_learners(table, labels, n_classes, rows, settings, *others)
            return self.base
        place, read, differences = LEARNER[self.variant], table, []
        alone = [chosen if index == place else None for index, chosen in enumerate(settings)]
        values = np.eye(n_classes)[labels] if n_classes else labels[:, None].astype(float)
        if alone[place] is None or (
            self.variant in ("triples", "codes as numbers") and not table.categorical.any()
        ):
            return self.base
        if self.variant == "700 rows":
            alone[place] = replace(alone[place], tuning_rows=700)
        if self.variant == "codes as numbers":
            categorical = np.zeros_like(table.categorical)
            read = SimpleNamespace(cells=table.cells, categorical=categorical)
        if self.variant == "differences":
            differences = best_differences(table.cells, table.categorical, values)
            self.found = len(differences)
            if not differences:
                return self.base
            categorical = np.pad(table.categorical, (0, len(differences)))
            read = SimpleNamespace(
                cells=with_differences(table.cells, differences), categorical=categorical
            )
        found = fit_learners(read, labels, n_classes, rows, alone, *others)
        fits, out_of_fold = list(self.base.fits), self.base.out_of_fold.copy()
        if self.variant == "codes as numbers":
            errors = [
                np.mean((of.out_of_fold[:, place] - values) ** 2) for of in (found, self.base)
            ]
            self.found = int(errors[0] < errors[1])
            if not self.found:
                return self.base
        fits[place] = tuple(WithDifferences(fit, differences) for fit in found.fits[place])
        out_of_fold[:, place] = found.out_of_fold[:, place]
        return replace(self.base, fits=tuple(fits), out_of_fold=out_of_fold)

    def best_pairs(self, groups, fold, means):
        pairs = best_pairs(groups, fold, means)
        if self.variant != "triples" or not pairs:
            return pairs
        triples = best_triples(groups, fold, means, pairs)
        self.found = max(self.found or 0, len(triples))
        return pairs | triples

    def choose_kernel(self, kernels, features, labels, weights):
        chosen = choose_kernel(kernels, features, labels, weights)
        if self.variant != "additive":
            return chosen
        best = best_additive(chosen, features, labels, weights)
        self.found = int(isinstance(best[0], AdditiveKernel))
        return best


def best_triples(groups, fold, means, pairs):
    """Cross pairs with a third column, by the bounds of pairs."""
    seen = groups.folds != fold
    weights = groups.weights[seen] / groups.weights[seen].sum()

    def error(predicted):
        return float((weights @ np.square(groups.values[seen] - predicted[seen])).sum())

    mean = next(iter(groups.single.values())).default(fold)
    variance = error(np.broadcast_to(mean, groups.values.shape)) + 1e-12
    errors = {column: error(of_rows) for column, of_rows in means.items()}
    crossed = sorted(errors, key=lambda column: (errors[column], column))
    found = {}
    for pair, (_, of_pair) in pairs.items():
        for column in crossed[: category_means.MOST_CROSSED]:
            triple = tuple(sorted(pair + column))
            if column[0] in pair or triple in found:
                continue
            codes = category_means._codes(groups.cells, triple, groups.n_levels)
            levels, places = np.unique(codes, return_inverse=True)
            if len(levels) * category_means.LEAST_ROWS > len(codes):
                continue
            sums = category_means.GroupSums.of(
                levels, places, groups.folds, groups.values, groups.weights
            )
            of_rows = sums.means_of_rows(fold, groups.folds)
            both = error(of_pair + means[column] - mean)
            gain = (min(error(of_pair), errors[column], both) - error(of_rows)) / variance
            if gain > category_means.LEAST_GAIN:
                found[triple] = gain, (sums, of_rows)
    best = sorted(found, key=lambda triple: (-found[triple][0], triple))[:MOST_TRIPLES]
    return {triple: found[triple][1] for triple in best}


@dataclass(frozen=True)
class Difference:
    """A number less its mean in the row's group, which three rows draw to the mean of all."""

    number: int
    group: int
    means: np.ndarray
    mean: float

    @classmethod
    def of(cls, cells, number, group):
        codes, values = codes_of(cells, group), cells[:, number].astype(float)
        known = ~np.isnan(values)
        mean, n_codes = values[known].mean(), codes.max() + 1
        sums = np.bincount(codes[known], values[known], n_codes)
        counts = np.bincount(codes[known], minlength=n_codes)
        return cls(number, group, (sums + 3 * mean) / (counts + 3), mean)

    def values(self, cells):
        codes, last = codes_of(cells, self.group), len(self.means) - 1
        means = np.where(codes <= last, self.means[codes.clip(0, last)], self.mean)
        return cells[:, self.number] - means


def codes_of(cells, column):
    return np.nan_to_num(cells[:, column], nan=-1).astype(int) + 1


def best_differences(cells, categorical, values):
    """Find numbers and groups whose difference correlates with the labels more than the number."""
    values = (values - values.mean(0)) / (values.std(0) + 1e-12)

    def told_by(column):
        centred = np.nan_to_num(column - np.nanmean(column))
        return float(np.max((values * centred[:, None]).mean(0) ** 2) / (centred.var() + 1e-12))

    n_levels = [len(np.unique(column[~np.isnan(column)])) for column in cells.T]
    most = max(3, len(cells) // 20)
    groups = [c for c in np.flatnonzero(categorical) if 3 <= n_levels[c] <= most]
    numbers = [c for c in np.flatnonzero(~categorical) if np.unique(cells[:, c]).size > 10]
    found = []
    for group in groups:
        for number in numbers:
            difference = Difference.of(cells, number, group)
            own = told_by(cells[:, number].astype(float))
            found.append((told_by(difference.values(cells.astype(float))) - own, difference))
    found = sorted(found, key=lambda each: -each[0])
    return [each for gain, each in found if gain > LEAST_CORRELATION][:MOST_DIFFERENCES]


def with_differences(cells, differences):
    if not differences:
        return cells
    further = [difference.values(cells) for difference in differences]
    return np.column_stack([cells, *further]).astype(np.float32)


@dataclass(frozen=True)
class WithDifferences:
    fit: object
    differences: list

    def predict(self, cells):
        return self.fit.predict(with_differences(cells, self.differences))


@dataclass(frozen=True)
class AdditiveKernel(kernel.Kernel):
    """A sum over features of ``share * exp(-distance)``."""

    shares: object = None


def added(rows, centres, shares):
    found = rows.new_zeros(len(rows), len(centres))
    for place in np.flatnonzero(shares > 1e-6):
        apart = (rows[:, place, None] - centres[None, :, place]).abs()
        found += float(shares[place]) * apart.neg().exp()
    return found


def compare(rows, centres, chosen):
    if isinstance(chosen, AdditiveKernel):
        return added(rows, centres, chosen.shares)
    return similarities(rows, centres, chosen)


def leave_one_out_loss(similar, ridge, labels, weights):
    root = weights.sqrt()[:, None]
    system = similar * root * root.mT
    system.diagonal().add_(ridge)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky_ex(system)[0])
    residual = (inverse @ (root * labels)) / inverse.diagonal()[:, None]
    error = (residual / root.clamp(min=1e-12)).clamp(-5, 5).square()
    return float(weights / weights.sum() @ error.mean(1))


def best_additive(chosen, features, labels, weights):
    """Return the kernel that errs least, an additive one or the given, and its scale."""
    shown = features * chosen[1]
    least = leave_one_out_loss(compare(shown, shown, chosen[0]), chosen[0].ridge, labels, weights)
    deviation = features.std(0, correction=0)
    for metric in ("equal", "trust", "learned"):
        shares = (kernel._scale(metric, features, labels, weights) * deviation) ** 2
        shares = (shares / shares.sum()).numpy()
        for reach in REACHES:
            unit = 1 / (reach * deviation + 1e-12)
            scale = torch.where(deviation > 1e-9, unit, torch.zeros_like(deviation))
            similar = added(features * scale, features * scale, shares)
            for ridge in RIDGES:
                loss = leave_one_out_loss(similar, ridge, labels, weights)
                if loss < least:
                    tried = AdditiveKernel(metric, 0.0, 1.0, reach, ridge, shares)
                    chosen, least = (tried, scale), loss
    return chosen


def scores_of_numbers(model, query, target, told):
    predicted = model.predict(query)
    apart = target[:, None] - model.predict(query, output="quantiles", quantiles=LEVELS)
    error = np.mean((predicted - target) ** 2)
    return {
        "log_loss_or_rmse": np.log(error**0.5),
        "pinball": np.log(np.maximum(LEVELS * apart, (LEVELS - 1) * apart).mean()),
        "roc_auc_or_r2": 1 - error / target.var(),
    }, [np.log(np.mean((told[:, i, 0] - target) ** 2) ** 0.5) for i in (1, 2)]


def scores_of_classes(model, query, target, told):
    predicted = model.predict_proba(query)
    rows, places = np.arange(len(target)), np.searchsorted(model.classes_, target)
    scored = predicted[:, 1] if predicted.shape[1] == 2 else predicted
    if predicted.shape[1] > 2:
        scored = predicted / predicted.sum(1, keepdims=True)
    labels = np.arange(predicted.shape[1])

    def loss(probabilities):
        return np.log(-np.log(probabilities[rows, places].clip(1e-9)).mean() + 0.01)

    return {
        "log_loss_or_rmse": loss(predicted),
        "pinball": np.nan,
        "roc_auc_or_r2": roc_auc_score(places, scored, multi_class="ovo", labels=labels),
    }, [loss(told[:, i]) for i in (1, 2)]


def read_rows(entry, folder):
    """Return cells and target, without classes of fewer than eight rows."""
    frame = pd.read_parquet(folder / entry["file"])
    target = frame.pop(entry["target"])
    frame, target = frame[target.notna()], target[target.notna()]
    if entry["task"] == "regression":
        return frame, target.astype(float).to_numpy()
    target = target.astype(str).to_numpy()
    names, counts = np.unique(target, return_counts=True)
    kept = np.isin(target, names[counts >= 8])
    return frame[kept], target[kept]


def measure(trial, entry, folder, most, variants):
    X, y = read_rows(entry, folder)
    numbers = entry["task"] == "regression"
    n = min(most, int(len(y) * 0.64))
    few_classes = numbers or 2 <= len(np.unique(y)) <= 10
    if not few_classes or X.shape[1] > 60 or n < max(150, 0.55 * most):
        return []
    train, query = train_test_split(
        np.arange(len(y)),
        train_size=n,
        test_size=min(3000, len(y) - n),
        random_state=0,
        stratify=None if numbers else y,
    )
    rows, before = [], None
    for variant in (BASE, *variants):
        trial.start(variant)
        kind = TabTransferRegressor if numbers else TabTransferClassifier
        model = kind(random_state=0, n_threads=1).fit(X.iloc[train], y[train])
        fitted = model.fitted_
        told = fitted.learners.predict(fitted.encoder.transform(X.iloc[query]))
        score = scores_of_numbers if numbers else scores_of_classes
        scores, (trees, of_kernel) = score(model, X.iloc[query], y[query], told)
        before = told if variant == BASE else before
        rows.append(
            {
                "table": entry["name"],
                "rows": most,
                "n": n,
                "split": 0,
                "kind": "numbers" if numbers else "classes",
                "variant": variant,
                **scores,
                "boosted_trees_alone": trees,
                "kernel_alone": of_kernel,
                "unchanged": ""
                if variant == BASE
                else int(np.array_equal(told, before, equal_nan=True)),
                "found": trial.found,
            }
        )
    return rows


def main():
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    tables, most, out, *variants = sys.argv[1:]
    trial, found = Trial(), []
    fitting.fit_learners = trial.fit_learners
    kernel._choose, kernel._similarities = trial.choose_kernel, compare
    category_means.LabelledGroups._best_pairs = lambda *given: trial.best_pairs(*given)
    for entry in json.loads(Path(tables).read_text()):
        found += measure(trial, entry, Path(tables).parent, int(most), variants)
        print(entry["name"], len(found), flush=True)
        pd.DataFrame(found).round(5).to_csv(out, index=False)


if __name__ == "__main__":
    main()
