"""Explain why a tumour is predicted malignant or benign, and check the explanation.

`TabTransferClassifier.explain` says how much each measurement moves the predicted probability,
and which training rows drove it. Whether they did can be checked: `leave_out_effect` predicts
again without them, and here without as many random rows.

Run it with ``python examples/explanation.py``; it writes ``explanation.png``.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from tabtransfer import Explanation, TabTransferClassifier, leave_out_effect

N_QUERY, N_LEFT_OUT = 8, 10


def main(n_rows: int = 200, n_estimators: int = 4) -> tuple[Explanation, dict[str, float]]:
    """Explain predictions, and leave out the rows that are said to have driven them."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    y = y.map({0: "malignant", 1: "benign"})
    X_train, X_test, y_train, _ = train_test_split(
        X, y, train_size=n_rows, stratify=y, random_state=0
    )
    model = TabTransferClassifier(n_estimators, random_state=0).fit(X_train, y_train)
    query = X_test[:N_QUERY]
    explanation = model.explain(query, n_rows=N_LEFT_OUT)
    rng = np.random.default_rng(0)
    left_out = {
        "rows of most weight": explanation.rows.groupby("query")["row"].apply(list).tolist(),
        "random rows": [
            rng.choice(X_train.index, N_LEFT_OUT, replace=False).tolist() for _ in range(N_QUERY)
        ],
    }
    changes = {
        name: float(np.abs(leave_out_effect(model, query, rows)).mean())
        for name, rows in left_out.items()
    }
    return explanation, changes


if __name__ == "__main__":
    explanation, changes = main()
    row = int(explanation.predictions["probability"].argmin())  # the least sure
    print(explanation.predictions.iloc[[row]].to_string(), end="\n\n")
    effects = explanation.columns.iloc[row]
    print(effects.sort_values(key=np.abs, ascending=False).head(5).round(3).to_string())
    print(explanation.rows.query("query == @row").head(5).round(3).to_string(index=False))
    for name, change in changes.items():
        print(f"mean change of the probability without {N_LEFT_OUT} {name}: {change:.4f}")
    explanation.plot(row).savefig("explanation.png")
