"""
Thresholds and costs
====================

Decide by the cost of mistakes, not at a probability of one half.
"""

# %%
# A bank loses five times as much on a bad loan that it grants as on a good one that it refuses.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.calibration import CalibrationDisplay
from sklearn.datasets import make_classification
from sklearn.metrics import confusion_matrix, make_scorer
from sklearn.model_selection import TunedThresholdClassifierCV, train_test_split

from tabtransfer import TabTransferClassifier

MISSED, REFUSED = 5.0, 1.0  # cost of a bad loan granted, and of a good loan refused


def cost(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Return the mean cost of decisions; 1 stands for a bad loan."""
    (_, refused), (missed, _) = confusion_matrix(y_true, y_pred, labels=[0, 1])
    return float(MISSED * missed + REFUSED * refused) / len(y_true)


X, y = make_classification(
    600, 8, n_informative=4, weights=[0.8], class_sep=0.7, flip_y=0.05, random_state=0
)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
model = TabTransferClassifier(1, trees=False, random_state=0).fit(X_train, y_train)

# %%
# Where probabilities are right, the best threshold follows from the costs alone: refuse from
# 1 / (1 + 5) on. Are they?

probability = model.predict_proba(X_test)[:, 1]
CalibrationDisplay.from_predictions(y_test, probability, n_bins=5, name="tabtransfer")
plt.show()

# %%
# Or the threshold is chosen by cross-validation on the training rows.

tuned = TunedThresholdClassifierCV(
    model, scoring=make_scorer(cost, greater_is_better=False), cv=3, random_state=0
).fit(X_train, y_train)
found = {
    "0.5": cost(y_test, model.predict(X_test)),
    "1 / (1 + 5)": cost(y_test, probability >= REFUSED / (REFUSED + MISSED)),
    f"{tuned.best_threshold_:.2f}, tuned": cost(y_test, tuned.predict(X_test)),
}
for threshold, mean in found.items():
    print(f"threshold {threshold}: mean cost {mean:.3f}")

# %%
# ``class_weight`` does the same inside the model: classes count as if they were more frequent.

weighted = TabTransferClassifier(1, trees=False, class_weight={1: MISSED}, random_state=0)
print(
    f"class weights: mean cost {cost(y_test, weighted.fit(X_train, y_train).predict(X_test)):.3f}"
)
