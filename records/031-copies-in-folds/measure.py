"""Score the estimators on tables whose rows recur by nature.

usage: measure.py MANIFEST OUT.jsonl classification|regression SEED [--dealt] [NAME,...]
With --dealt every row is dealt to folds by itself, as a stand-in for `DistinctRows.in_folds`.
Without names: all tables of 700 rows and 4 to 45 columns and more of which a twelfth of the
training rows have copies; a column is predicted where no target is stated.
"""

import io
import json
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score

import tabtransfer.inference.fitting as fitting
from tabtransfer import TabTransferClassifier, TabTransferRegressor
from tabtransfer.learners import DistinctRows
from tabtransfer.preprocessing.copies import distinct, left_out_together
from tabtransfer.preprocessing.encoder import TableEncoder

warnings.simplefilter("ignore")
dealt = "--dealt" in sys.argv
manifest, out, kind, seed, *names = [word for word in sys.argv[1:] if word != "--dealt"]
classes = kind == "classification"
folder = Path(manifest).parent


class EachRowByItself:
    """Stand in for DistinctRows."""

    @staticmethod
    def of(cells, labels, weights):
        rows = np.arange(len(cells))
        if left_out_together(cells, weights, labels) is None:
            return DistinctRows(rows, rows, rows, np.ones(len(rows)))
        return DistinctRows.of(cells, labels, weights)


if dealt:
    fitting.DistinctRows = EachRowByItself


def target_of(entry, frame):
    """Return the stated target of this kind, or the last column that would do."""
    if entry["target"] and (entry["task"] == "classification") == classes:
        return entry["target"]
    known = [column for column in frame if frame[column].notna().mean() > 0.95]
    if classes:
        fitting_columns = [column for column in known if 2 <= frame[column].nunique() <= 6]
    else:
        floats = [column for column in known if pd.api.types.is_float_dtype(frame[column])]
        fitting_columns = [column for column in floats if frame[column].nunique() > 60]
    return fitting_columns[-1] if fitting_columns else None


def scores(X, y, known, query):
    if not classes:
        model = TabTransferRegressor(random_state=0, n_threads=1).fit(X.iloc[known], y[known])
        errors = model.predict(X.iloc[query]) - y[query]
        return {"loss": float(np.sqrt(np.mean(errors**2)) / y[known].std())}
    model = TabTransferClassifier(random_state=0, n_threads=1).fit(X.iloc[known], y[known])
    p, labels = model.predict_proba(X.iloc[query]), model.classes_
    p = p / p.sum(1, keepdims=True)
    seen = dict(multi_class="ovo", labels=labels) if len(labels) > 2 else {}
    return {
        "loss": float(log_loss(y[query], p, labels=labels) / np.log(len(labels))),
        "roc_auc": float(roc_auc_score(y[query], p if len(labels) > 2 else p[:, 1], **seen)),
    }


random = np.random.default_rng(int(seed))
wanted = set(names[0].split(",")) if names else None
for entry in json.loads(Path(manifest).read_text()):
    if wanted and entry["name"] not in wanted:
        continue
    if not wanted and (entry["n_rows"] < 700 or not 4 <= entry["n_cols"] <= 45):
        continue
    data = zipfile.ZipFile(folder / entry["file"]).read(entry["member"])
    frame = pd.read_parquet(io.BytesIO(data))
    target = target_of(entry, frame)
    if target is None:
        continue
    frame = frame[frame[target].notna()].reset_index(drop=True)
    y = frame.pop(target)
    if classes:
        y = y.astype(str)
        counts = y.value_counts()
        kept = y.isin(counts.index[counts >= 12][:10]).to_numpy()
        frame, y = frame[kept].reset_index(drop=True), y[kept].to_numpy()
        labels = pd.factorize(y)[0]
    else:
        y = labels = y.to_numpy(float)
    order = random.permutation(len(y))
    n_train = min(1200, len(y) // 2)
    known, query = order[:n_train], order[n_train : n_train + 2000]
    if n_train < 100 or len(set(y[known])) < len(set(y)) * classes or len(set(y[known])) < 2:
        continue
    cells = TableEncoder().fit(frame.iloc[known]).transform(frame.iloc[known]).cells
    _, copies = distinct(cells)
    share = float((np.bincount(copies)[copies] > 1).mean())
    if share < 0.08 or left_out_together(cells, None, labels[known]) is not None:
        continue
    row = dict(table=entry["name"], rows=n_train, copies=share, seed=seed, dealt=dealt)
    row |= scores(frame, y, known, query)
    with open(out, "a") as file:
        file.write(json.dumps(row) + "\n")
