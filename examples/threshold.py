"""Choose the decision threshold by the cost of mistakes.

A bank loses five times as much on a bad loan that it grants as on a good one that it refuses.
`TabTransferClassifier` predicts probabilities; scikit-learn's `TunedThresholdClassifierCV`
finds the threshold above which to refuse, by cross-validation on the training rows.

Run it with ``python examples/threshold.py``.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import make_classification
from sklearn.metrics import confusion_matrix, make_scorer
from sklearn.model_selection import TunedThresholdClassifierCV, train_test_split

from tabtransfer import TabTransferClassifier

MISSED, REFUSED = 5.0, 1.0  # cost of a bad loan granted, and of a good loan refused


def cost(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Return the mean cost of decisions; 1 stands for a bad loan."""
    (_, refused), (missed, _) = confusion_matrix(y_true, y_pred, labels=[0, 1])
    return float(MISSED * missed + REFUSED * refused) / len(y_true)


def main(n_rows: int = 600, n_estimators: int = 4) -> dict[str, float]:
    """Compare the threshold of 0.5 with the tuned one on held-out rows."""
    X, y = make_classification(
        n_rows, 8, n_informative=4, weights=[0.8], class_sep=0.7, flip_y=0.05, random_state=0
    )
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    model = TabTransferClassifier(n_estimators, random_state=0)
    tuned = TunedThresholdClassifierCV(
        model, scoring=make_scorer(cost, greater_is_better=False), cv=3, random_state=0
    ).fit(X_train, y_train)
    return {
        "threshold": float(tuned.best_threshold_),
        "cost at 0.5": cost(y_test, tuned.estimator_.predict(X_test)),
        "cost at the tuned threshold": cost(y_test, tuned.predict(X_test)),
    }


if __name__ == "__main__":
    for name, value in main().items():
        print(f"{name}: {value:.3f}")
