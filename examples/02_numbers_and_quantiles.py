"""
Numbers and quantiles
=====================

Predict a number, and how far it may be off.
"""

# %%
# How a patient's diabetes went on within a year, by ten measurements at its start.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferRegressor

X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=200, random_state=0)
model = TabTransferRegressor(random_state=0).fit(X_train, y_train)
print(f"R²: {model.score(X_test, y_test):.2f}")

# %%
# ``predict`` gives means. Quantiles need no second model: nine times in ten the target lies below
# the 0.9 quantile.

low, middle, high = model.predict(X_test, output="quantiles", quantiles=[0.1, 0.5, 0.9]).T
inside = (low <= y_test) & (y_test <= high)
print(f"between the 0.1 and the 0.9 quantile: {inside.mean():.0%}, which should be 80 %")

order = np.argsort(middle)
figure, axes = plt.subplots(figsize=(7, 4))
axes.fill_between(range(len(order)), low[order], high[order], alpha=0.3, label="80 % interval")
axes.plot(middle[order], label="median")
axes.plot(y_test.to_numpy()[order], ".", color="black", label="what it was")
axes.set(xlabel="patients of the test set, by median", ylabel="progression")
axes.legend()
plt.show()

# %%
# A whole distribution answers any other question, such as how likely more than 200 is.

distribution = model.predict(X_test[:5], output="distribution")
print(1 - distribution.cdf(200.0).round(3))
print(distribution.interval(0.5).round(0))
