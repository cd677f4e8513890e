"""Measure tree learners, alone and in pairs, by quality and seconds over training sizes.

Usage: OMP_NUM_THREADS=1 taskset -c 1 python survey.py PRETRAIN.json [--sizes 200,600]
           [--learners rf_leaf3,lgb_60_.1] [--many] [--report] [--budget]

Each learner is fitted on the folds of the training rows; it predicts the rows left out and
the queries (mean of the fold models). Predictions are kept under predictions/, so that a run
resumes; --report scores what is there, alone and in pairs, into results.csv and pairs.csv.
"""

import argparse
import io
import json
import time
import warnings
import zipfile
from pathlib import Path

import catboost
import lightgbm
import numpy as np
import pandas as pd
from scipy.optimize import nnls
from scipy.stats import rankdata
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, StratifiedKFold

from tabtransfer.encoder import TableEncoder

warnings.filterwarnings("ignore")
HERE = Path(__file__).parent
KEPT = HERE / "predictions"
SIZES = {60: 100, 200: 450, 600: 900, 2000: 2500, 10000: 10000, 15000: 17000}  # rows needed
PER_KIND = {60: 10, 200: 8, 600: 8, 2000: 5, 10000: 3, 15000: 3}
MAX_QUERIES = 2000
# Copies of other tables (wide ones, over 50 columns, are left out elsewhere), and tables on which
# every learner is all but perfect.
SKIPPED = {"agaricus_lepiota", "mushroom", "http", "smtp", "skin", "shuttle", "donors"}
SKIPPED |= {"csb_ch19c", "csb_ch19e", "disclosure_x_noise", "disclosure_x_bias"}


# ---------------------------------------------------------------- learners


def forest(cls=(RandomForestClassifier, RandomForestRegressor), trees=40, features=None, **more):
    def make(number, cat, seed):
        mf = features or (1 / 3 if number else "sqrt")
        return cls[number](trees, max_features=mf, n_jobs=1, random_state=seed, **more)

    return make


def extra(**more):
    return forest(cls=(ExtraTreesClassifier, ExtraTreesRegressor), **more)


def lgb(rounds, lr, leaves=15, child=10, told=True, **more):
    def make(number, cat, seed):
        cls = lightgbm.LGBMRegressor if number else lightgbm.LGBMClassifier
        return cls(
            n_estimators=rounds,
            learning_rate=lr,
            num_leaves=leaves,
            min_child_samples=child,
            n_jobs=1,
            verbose=-1,
            random_state=seed,
            min_data_per_group=10,
            force_col_wise=True,
            categorical_feature=list(np.flatnonzero(cat)) if told else "",
            **more,
        )

    return make


def hist(rounds, lr, leaves=15, child=10):
    def make(number, cat, seed):
        cls = HistGradientBoostingRegressor if number else HistGradientBoostingClassifier
        return cls(  # categories are told in predictions(), as far as it takes them
            max_iter=rounds,
            learning_rate=lr,
            max_leaf_nodes=leaves,
            min_samples_leaf=child,
            early_stopping=False,
            random_state=seed,
        )

    return make


def cat(rounds, lr=None, depth=6, border=64, told=True, steps=None, **more):
    def make(number, cat_columns, seed):
        cls = catboost.CatBoostRegressor if number else catboost.CatBoostClassifier
        if steps:
            more["leaf_estimation_iterations"] = steps
        return cls(
            iterations=rounds,
            learning_rate=lr,
            depth=depth,
            border_count=border,
            cat_features=list(np.flatnonzero(cat_columns)) if told else None,
            thread_count=1,
            random_seed=seed,
            verbose=False,
            boosting_type="Plain",
            allow_writing_files=False,
            **more,
        )

    return make


# A pair is scored if one of the two is among these.
PARTNERS = {"rf_leaf3", "et_leaf2_half", "cat_100", "lgb_60_.1"}
RF_LGB = dict(boosting_type="rf", subsample=0.63, subsample_freq=1, feature_fraction_bynode=0.5)
LEARNERS = {
    "rf_leaf1": forest(),
    "rf_leaf3": forest(min_samples_leaf=3),
    "rf_leaf5": forest(min_samples_leaf=5),
    "rf_leaf3_mean": forest(min_samples_leaf=3),  # categories by mean label, made in the fold
    "rf_leaf3_half": forest(min_samples_leaf=3, max_samples=0.5),
    "rf_leaf1_half": forest(max_samples=0.5),
    "rf_leaf3_all": forest(min_samples_leaf=3, features=1.0),
    "rf_leaf3_20": forest(min_samples_leaf=3, trees=20),
    "rf_leaf3_80": forest(min_samples_leaf=3, trees=80),
    "rf_leaf3_oob": forest(min_samples_leaf=3, trees=200, bootstrap=True, oob_score=True),
    "rf_leaf3_oob100": forest(min_samples_leaf=3, trees=100, bootstrap=True, oob_score=True),
    "et_leaf1": extra(),
    "et_leaf3": extra(min_samples_leaf=3),
    "et_leaf1_half": extra(features=0.5),
    "et_leaf1_all": extra(features=1.0),
    "et_leaf3_all": extra(features=1.0, min_samples_leaf=3),
    "et_leaf3_half": extra(features=0.5, min_samples_leaf=3),
    "et_leaf2_half_20": extra(features=0.5, min_samples_leaf=2, trees=20),
    "et_leaf2_half": extra(features=0.5, min_samples_leaf=2),
    "lgbrf": lgb(40, 0.1, leaves=255, child=3, **RF_LGB),
    "lgbrf_extra": lgb(40, 0.1, leaves=255, child=3, extra_trees=True, **RF_LGB),
    "lgb_30_.15": lgb(30, 0.15),
    "lgb_60_.1": lgb(60, 0.1),
    "lgb_120_.05": lgb(120, 0.05),
    "lgb_120_.1": lgb(120, 0.1),
    "lgb_250_.05": lgb(250, 0.05),
    "lgb_250_.1": lgb(250, 0.1),
    "lgb_60_.1_31": lgb(60, 0.1, leaves=31),
    "lgb_120_.1_31": lgb(120, 0.1, leaves=31),
    "lgb_60_.1_c5": lgb(60, 0.1, child=5),
    "lgb_60_.1_c20": lgb(60, 0.1, child=20),
    "lgb_60_.1_codes": lgb(60, 0.1, told=False),
    "lgb_60_.1_ff": lgb(60, 0.1, subsample=0.7, subsample_freq=1, colsample_bytree=0.7),
    "lgb_60_.1_7": lgb(60, 0.1, leaves=7),
    "lgb_30_.15_c5": lgb(30, 0.15, child=5),
    "lgb_60_.1_7_c5": lgb(60, 0.1, leaves=7, child=5),
    "lgb_120_.1_31_c5": lgb(120, 0.1, leaves=31, child=5),
    "hgb_60_.1_c5": hist(60, 0.1, child=5),
    "hgb_60_.1": hist(60, 0.1),
    "hgb_120_.1": hist(120, 0.1),
    "cat_100": cat(100),
    "cat_200": cat(200),
    "cat_300": cat(300),
    "cat_500": cat(500),
    "cat_100_.1": cat(100, 0.1),
    "cat_200_.1": cat(200, 0.1),
    "cat_300_.1": cat(300, 0.1),
    "cat_60_.2": cat(60, 0.2),
    "cat_100_.2": cat(100, 0.2),
    "cat_100_d4": cat(100, depth=4),
    "cat_200_d4": cat(200, depth=4),
    "cat_100_.2_d4": cat(100, 0.2, depth=4),
    "cat_60_.3_d4": cat(60, 0.3, depth=4),
    "cat_200_.2": cat(200, 0.2),
    "cat_300_.2_d4": cat(300, 0.2, depth=4),
    "cat_100_.2_d4_codes": cat(100, 0.2, depth=4, told=False),
    "cat_100_.2_codes": cat(100, 0.2, told=False),
    "cat_100_.2_d8_codes": cat(100, 0.2, depth=8, told=False),
    "cat_100_d4_codes": cat(100, depth=4, told=False),
    "cat_200_.2_d6_codes": cat(200, 0.2, told=False),
    "cat_100_.3_d8_codes": cat(100, 0.3, depth=8, told=False),
    "cat_100_d8": cat(100, depth=8),
    "cat_100_s1": cat(100, steps=1),
    "cat_100_.1_s1": cat(100, 0.1, steps=1),
    "cat_100_.15_s1": cat(100, 0.15, steps=1),
    "cat_200_.1_s1": cat(200, 0.1, steps=1),
    "cat_100_b32": cat(100, border=32),
    "cat_100_b254": cat(100, border=254),
    "cat_100_codes": cat(100, told=False),
    "cat_100_ctr1": cat(100, max_ctr_complexity=1),
    "cat_100_rsm": cat(100, rsm=0.5),
    "cat_100_bern": cat(100, bootstrap_type="Bernoulli", subsample=0.66),
    "cat_100_lean": cat(100, 0.1, border=32, steps=1, told=False, bootstrap_type="No"),
}
for _name in (
    "rf_leaf3",
    "et_leaf2_half",
    "lgb_60_.1",
    "cat_100",
    "cat_100_.1_s1",
    "cat_200_.1_s1",
):
    for _folds in (3, 8):
        LEARNERS[f"{_name}@{_folds}"] = LEARNERS[_name]


# ---------------------------------------------------------------- one learner on one task


def means_of_categories(train, y, rows, cat_columns, number):
    """Replace category codes by their mean label (of class 1, 2, … for classes), shrunk."""
    targets = y[:, None] if number else np.eye(int(y.max()) + 1)[y.astype(int)][:, 1:]
    parts = []
    for part in (train, *rows):
        parts.append([part[:, ~cat_columns]])
    for column in np.flatnonzero(cat_columns):
        codes = [np.nan_to_num(part[:, column], nan=-1).astype(int) + 1 for part in (train, *rows)]
        size = max(c.max() for c in codes) + 1
        counts = np.bincount(codes[0], minlength=size)
        for target in targets.T[:5]:
            sums = np.bincount(codes[0], target, minlength=size)
            table = (sums + 3 * target.mean()) / (counts + 3)
            for kept, c in zip(parts, codes, strict=True):
                kept.append(table[c][:, None])
    return [np.concatenate(kept, 1) for kept in parts]


def predictions(name, task, folds):
    """Give own predictions of the training rows, those of the queries, and the seconds."""
    X, y, Q, cat_columns, number = (task[k] for k in ("X", "y", "Q", "cat", "number"))
    k = 1 if number else int(y.max()) + 1
    own, query = np.zeros((len(X), k)), np.zeros((len(Q), k))

    def frame(values):
        if not (
            name.startswith("cat")
            and cat_columns.any()
            and "codes" not in name
            and "lean" not in name
        ):
            return values
        shown = pd.DataFrame(values)
        for column in np.flatnonzero(cat_columns):
            shown[column] = np.nan_to_num(values[:, column], nan=-1).astype(int)
        return shown

    def predict(model, values, out, rows, weight):
        if number:
            out[rows, 0] += weight * model.predict(values)
        else:
            out[np.ix_(rows, np.asarray(model.classes_, int).ravel())] += (
                weight * model.predict_proba(values)
            )

    start = time.process_time()
    every = np.arange(len(Q))
    if "oob" in name:
        model = LEARNERS[name](number, cat_columns, 0).fit(X, y)
        predict(model, Q, query, every, 1.0)
        own = model.oob_prediction_[:, None] if number else model.oob_decision_function_
        own = np.where(np.isfinite(own), own, 0.0)
        return own, query, time.process_time() - start
    split = (KFold if number else StratifiedKFold)(folds, shuffle=True, random_state=0)
    for seed, (fit, left) in enumerate(split.split(X, y)):
        parts = X[fit], X[left], Q
        if "mean" in name and cat_columns.any():
            parts = means_of_categories(parts[0], y[fit], parts[1:], cat_columns, number)
        known = y[fit]
        if not number and len(np.unique(known)) < 2:
            own[left, int(known[0])] = 1.0
            query[:, int(known[0])] += 1 / folds
            continue
        model = LEARNERS[name](number, cat_columns, seed)
        if name.startswith("hgb"):
            told = cat_columns & (np.nan_to_num(X).max(0) < 254)
            model.set_params(categorical_features=told if told.any() else None)
        model.fit(frame(parts[0]), known)
        predict(model, frame(parts[1]), own, left, 1.0)
        predict(model, frame(parts[2]), query, every, 1 / folds)
    return own, query, time.process_time() - start


# ---------------------------------------------------------------- tasks


def tasks(path, size, many=False):
    """Draw the tables of one training size, each with its rows."""
    entries = [e for e in json.loads(Path(path).read_text()) if e["target"]]
    found = []
    for kind in ("regression", "classification"):
        drawn = np.random.default_rng(size).permutation(
            [i for i, e in enumerate(entries) if e["task"] == kind and e["n_rows"] >= SIZES[size]]
        )
        taken = 0
        for index in drawn:
            e = entries[index]
            if (
                e["n_cols"] > 50
                or e["name"] in SKIPPED
                or ("__" in e["name"] and e["name"] != "sleep__2")
            ):
                continue
            if taken == PER_KIND[size]:
                break
            task = read(path, e, size, kind == "regression")
            if task is None or (task["y"].max() >= 10 and kind != "regression") != many:
                continue
            found.append((taken, kind, task))
            taken += 1
    return [task for *_, task in sorted(found, key=lambda f: f[:2])]  # kinds in turn


def read(path, e, size, number):
    shard = zipfile.ZipFile(Path(path).parent / e["file"])
    frame = pd.read_parquet(io.BytesIO(shard.read(e["member"])))
    frame = frame[frame[e["target"]].notna()].reset_index(drop=True)
    rows = np.random.default_rng(0).permutation(len(frame))
    size = min(size, int(len(frame) * 0.8))
    train, query = rows[:size], rows[size : size + MAX_QUERIES]
    X, label = frame.drop(columns=e["target"]), frame[e["target"]]
    if number:
        y = pd.to_numeric(label).to_numpy(float)
        y = (y - y[train].mean()) / (y[train].std() + 1e-12)
        y, asked = y[train], y[query]
    else:
        known, y = np.unique(label.iloc[train].astype(str), return_inverse=True)
        place = {c: i for i, c in enumerate(known)}
        asked = np.array([place.get(c, -1) for c in label.iloc[query].astype(str)])
        query, asked = query[asked >= 0], asked[asked >= 0]
        if len(known) < 2 or len(np.unique(asked)) < 2:
            return None
    encoder = TableEncoder().fit(X.iloc[train])

    def numbers(rows):
        table = encoder.transform(X.iloc[rows])
        return np.where(table.missing, np.float32(np.nan), table.values), table

    values, table = numbers(train)
    return dict(
        name=e["name"],
        X=values,
        y=y,
        Q=numbers(query)[0],
        asked=asked,
        cat=table.categorical,
        number=number,
    )


# ---------------------------------------------------------------- scores


def area(high, low):
    """Give the area under the curve of scores that should be high and low."""
    ranks = rankdata(np.concatenate([high, low]))[: len(high)]
    return (ranks.sum() - len(high) * (len(high) + 1) / 2) / (len(high) * len(low))


def scores(y, p, number):
    """Give R2, or log-loss and ROC AUC (one against one)."""
    if number:
        return dict(r2=max(r2_score(y, p[:, 0]), -1.0))
    p = np.clip(p, 1e-3, None)
    p /= p.sum(1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean()
    there = np.unique(y)
    q = p[:, there] / p[:, there].sum(1, keepdims=True)
    areas = []
    for i, a in enumerate(there):
        for j, b in enumerate(there[:i]):
            own, other = y == a, y == b
            areas += [area(q[own, i], q[other, i]), area(q[other, j], q[own, j])]
    auc = np.mean(areas)
    return dict(logloss=loss, auc=auc)


def combine(owns, queries, y, number):
    """Weigh predictions by non-negative least squares on the own ones (and the mean label)."""
    target = y[:, None] if number else np.eye(owns[0].shape[1])[y]
    prior = target.mean(0)
    A = np.stack([o.ravel() for o in owns] + [np.tile(prior, len(y))], 1)
    ridge, start = 1e-6 * len(y) * np.eye(A.shape[1]), np.append(np.full(len(owns), 0.5), 0)
    root = np.linalg.cholesky(A.T @ A + ridge)  # same solution as of the tall system
    weights, _ = nnls(root.T, np.linalg.solve(root, A.T @ target.ravel() + ridge @ start))
    return sum(w * q for w, q in zip(weights, [*queries, prior[None]], strict=True)), weights


def budget(names):
    """Print the seconds of learners on drawn numbers: 20 columns, 1,000 queries."""
    for rows, classes in ((1000, 2), (1000, 0), (1000, 10), (1000, 50), (10000, 2), (10000, 0)):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(rows + 1000, 20)).astype("f4")
        y = np.sin(X[:, 0] * 2) + X[:, 1] * X[:, 2] + X[:, 3] + rng.normal(size=len(X))
        if classes:
            y = np.searchsorted(np.quantile(y, np.arange(1, classes) / classes), y)
        task = dict(X=X[:rows], y=y[:rows], Q=X[rows:], cat=np.zeros(20, bool), number=not classes)
        for name in names:
            folds = int(name.split("@")[1]) if "@" in name else 5
            seconds = predictions(name, task, folds)[2]
            print(f"{rows} rows, {classes} classes: {name} {seconds:.2f} s", flush=True)


def kept(size, task, name):
    return KEPT / f"{size}" / f"{task}" / f"{name}.npz"


def run(path, sizes, names, many):
    for size in sizes:
        for task in tasks(path, size, many):
            labels = kept(size, task["name"], "_labels")
            labels.parent.mkdir(parents=True, exist_ok=True)
            np.savez(
                labels,
                y=task["y"],
                asked=task["asked"],
                number=task["number"],
                columns=task["X"].shape[1],
                cats=task["cat"].sum(),
            )
            for name in names:
                out = kept(size, task["name"], name)
                if out.exists() or ("half" in name and name.startswith("rf") and size < 2000):
                    continue
                folds = int(name.split("@")[1]) if "@" in name else 5
                try:
                    own, query, seconds = predictions(name, task, folds)
                except Exception as error:
                    print(size, task["name"], name, "failed:", str(error)[:200], flush=True)
                    continue
                np.savez(out, own=own.astype("f4"), query=query.astype("f4"), seconds=seconds)
        print(size, "done", flush=True)


def is_forest(name):
    return name[:2] in ("rf", "et") or name.startswith("lgbrf")


def report(sizes):
    alone, pairs = [], []
    for folder in sorted(f for size in sizes for f in KEPT.glob(f"{size}/*")):
        label = np.load(folder / "_labels.npz")
        y, asked, number = label["y"], label["asked"], bool(label["number"])
        kind = "regression" if number else "classes" if y.max() < 10 else "many classes"
        base = dict(
            size=int(folder.parent.name),
            table=folder.name,
            kind=kind,
            rows=len(y),
            columns=int(label["columns"]),
            cats=int(label["cats"]),
            classes=0 if number else int(y.max()) + 1,
        )
        found = {f.stem: np.load(f) for f in folder.glob("[!_]*.npz")}
        found = {
            n: (f["own"].astype(float), f["query"].astype(float), float(f["seconds"]))
            for n, f in found.items()
        }
        for name, (own, query, seconds) in found.items():
            here = scores(asked, query, number)
            mine = {f"own_{k}": v for k, v in scores(y, own, number).items()}
            alone.append({**base, "learner": name, **here, **mine, "seconds": seconds})
        for a in found:
            for b in found:
                if is_forest(a) and not is_forest(b) and (a in PARTNERS or b in PARTNERS):
                    query, w = combine(
                        [found[a][0], found[b][0]], [found[a][1], found[b][1]], y, number
                    )
                    pairs.append(
                        {
                            **base,
                            "forest": a,
                            "booster": b,
                            **scores(asked, query, number),
                            "weight_forest": w[0],
                            "weight_booster": w[1],
                            "seconds": found[a][2] + found[b][2],
                        }
                    )
    alone, pairs = pd.DataFrame(alone), pd.DataFrame(pairs)
    alone.to_csv(HERE / "results.csv", index=False, float_format="%.5g")
    pairs.to_csv(HERE / "pairs.csv", index=False, float_format="%.5g")
    show(alone, pairs)


def show(alone, pairs, forest="et_leaf2_half", booster="cat_100"):
    """Print gains over rf_leaf3, and of pairs over rf_leaf3 with cat_100, x 1000 (more: better).

    `pair`: of a booster with the forest given, of a forest with the booster given. `gap`: query
    quality above that of own predictions. `tables`: how many the line rests on.
    """
    for d in (alone, pairs):
        d["score"] = -d["logloss"] if "logloss" in d else np.nan
        d.loc[d.kind == "regression", "score"] = d.get("r2")
    for (size, kind), g in alone.groupby(["size", "kind"]):
        q = pairs[(pairs["size"] == size) & (pairs.kind == kind)]
        q = q.assign(learner=np.where(q.forest == forest, q.booster, q.forest))
        base = q[(q.forest == "rf_leaf3") & (q.booster == "cat_100")].set_index("table").score
        q = q[(q.forest == forest) | (q.booster == booster)]
        q = q[(q.forest != forest) | (q.learner != forest)]
        q = pd.concat(
            [
                q,
                pairs[
                    (pairs["size"] == size)
                    & (pairs.kind == kind)
                    & (pairs.forest == forest)
                    & (pairs.booster == booster)
                ].assign(learner=forest),
            ]
        )
        first = g[g.learner == "rf_leaf3"].set_index("table")
        own = "own_r2" if kind == "regression" else "own_logloss"
        g = g.assign(
            alone=1e3 * (g.score - g.table.map(first.score)),
            gap=1e3 * (g.score - g[own] * (1 if kind == "regression" else -1)),
            auc=1e3 * (g.auc - g.table.map(first.auc)) if "auc" in g else np.nan,
        )
        out = g.groupby("learner")[["alone", "auc", "gap", "seconds"]].mean()
        gains = (1e3 * (q.score - q.table.map(base))).groupby(q.learner)
        out.insert(2, "pair", gains.mean())
        out["tables"] = g.groupby("learner").size()
        print(f"\n{size} rows, {kind}: rf_leaf3 {first.score.mean():.4f}, pair {base.mean():.4f}")
        print(out.sort_values("pair", ascending=False).round(2).to_string())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("pretrain")
    parser.add_argument("--sizes", default="200,600,2000,10000")
    parser.add_argument("--learners", default=",".join(LEARNERS))
    parser.add_argument("--many", action="store_true", help="tables of more than 10 classes")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--budget", action="store_true", help="only time them, on drawn numbers")
    given = parser.parse_args()
    sizes = [int(s) for s in given.sizes.split(",")]
    if given.report:
        report(sizes)
    elif given.budget:
        budget(given.learners.split(","))
    else:
        run(given.pretrain, sizes, given.learners.split(","), given.many)
