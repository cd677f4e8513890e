"""
First model
===========

Fit a classifier to a table, look at its probabilities, and compare it with CatBoost.
"""

# %%
# The table has 178 wines, 13 measurements of each, and the grower whose wine it is.

import matplotlib.pyplot as plt
from catboost import CatBoostClassifier
from sklearn.datasets import load_wine
from sklearn.metrics import ConfusionMatrixDisplay, log_loss
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferClassifier

X, y = load_wine(return_X_y=True, as_frame=True)
y = y.map({0: "Barolo", 1: "Grignolino", 2: "Barbera"})
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=60, stratify=y, random_state=0)

# %%
# ``fit`` trains nothing of the network: it reads the 60 rows, fits trees and a kernel to them, and
# keeps what the network has read. A fitted model shows what it did.

model = TabTransferClassifier(random_state=0).fit(X_train, y_train)
model

# %%
# Predictions are scikit-learn's.

print(f"right: {model.score(X_test, y_test):.3f}")
ConfusionMatrixDisplay.from_estimator(model, X_test, y_test)
plt.show()

# %%
# Probabilities say how sure each answer is. CatBoost, untuned as well, is given the same rows; on
# other tables it may be ahead, which :doc:`07_compare_on_your_table` measures.

other = CatBoostClassifier(verbose=False, random_seed=0, thread_count=1, allow_writing_files=False)
other.fit(X_train, y_train)
for name, one in {"tabtransfer": model, "catboost": other}.items():
    loss = log_loss(y_test, one.predict_proba(X_test), labels=one.classes_)
    print(f"{name}: log-loss {loss:.3f}")
