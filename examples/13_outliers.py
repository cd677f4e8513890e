"""
Outliers
========

Find rows whose cells don't go together, without labels.
"""

# %%
# Wines of one cultivar, and a few of another among them.

import pandas as pd
from sklearn.datasets import load_wine
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from tabtransfer import TabTransferOutlierDetector

X, y = load_wine(return_X_y=True, as_frame=True)
columns = ["alcohol", "malic_acid", "flavanoids", "color_intensity", "hue"]
rows = pd.concat([X[y == 1], X[y == 2].sample(7, random_state=0)])[columns]
other = y[rows.index] == 2

# %%
# A row's score is its log density: that of each column given those before, over several orders of
# the columns. Training rows are scored by the half of the rows that they aren't in.

detector = TabTransferOutlierDetector(n_orders=2, contamination=0.1, random_state=0).fit(rows)
named = detector.predict(rows) == -1
print(f"{named.sum()} rows are named, {other[named].sum()} of them of the other cultivar")

# %%
# Beside it, an isolation forest, which does better here: :doc:`/docs/joint` has ten tables, on
# which the two are level.

area = roc_auc_score(other, -detector.score_samples(rows))
forest = IsolationForest(random_state=0).fit(rows)
by_forest = roc_auc_score(other, -forest.score_samples(rows))
print(f"ROC AUC {area:.3f}; of an isolation forest {by_forest:.3f}")
