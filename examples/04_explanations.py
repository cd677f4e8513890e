"""
Explanations
============

Which columns and which training rows drove a prediction, and did they?
"""

# %%
# The table has 30 measurements of cells from tumours.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.inspection import permutation_importance
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferClassifier, leave_out_effect

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
X, y = X.iloc[:, :10], y.map({0: "malignant", 1: "benign"})
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=100, random_state=0)
model = TabTransferClassifier(2, random_state=0).fit(X_train, y_train)

# %%
# ``explain`` says for each row how much its value of every column raises the probability of the
# predicted class, over other values of that column; and which training rows had weight.

explanation = model.explain(X_test[:4], n_rows=10)
row = int(explanation.predictions["probability"].argmin())  # the least sure
print(explanation.predictions.round(3))
explanation.plot(row)
plt.show()

# %%
# Whether the named rows drove the prediction can be checked: predict again without them, and
# without as many others.

rng = np.random.default_rng(0)
named = explanation.rows.groupby("query")["row"].apply(list).tolist()
others = [rng.choice(X_train.index, 10, replace=False).tolist() for _ in named]
for name, rows in {"the named rows": named, "random rows": others}.items():
    change = np.abs(leave_out_effect(model, X_test[:4], rows)).mean()
    print(f"without {name}: the probability changes by {change:.4f} on average")

# %%
# Which columns matter over all rows? The network has no weights of a table's columns, hence no
# ``feature_importances_``; permutation importance measures it on held-out rows.

found = permutation_importance(
    model, X_test[:100], y_test[:100], scoring="neg_log_loss", n_repeats=2, random_state=0
)
order = found.importances_mean.argsort()
figure, axes = plt.subplots(figsize=(7, 3.5))
axes.barh(X.columns[order], found.importances_mean[order])
axes.set(xlabel="log-loss gained by shuffling the column")
figure.tight_layout()
plt.show()
