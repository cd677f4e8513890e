"""
Missing cells
=============

Fill in what is missing, and see how far off that is where it is known.
"""

# %%
# A table of wines, with the cultivar as a column of words. A fifth of the cells is taken out.

import numpy as np
import pandas as pd
from sklearn.datasets import load_wine

from tabtransfer import TabTransferImputer

X, y = load_wine(return_X_y=True, as_frame=True)
numbers = ["alcohol", "flavanoids", "color_intensity", "proline"]
table = X[numbers].assign(cultivar=y.map({0: "first", 1: "second", 2: "third"}))
table = table.sample(120, random_state=0).reset_index(drop=True)
out = pd.DataFrame(np.random.default_rng(0).random(table.shape) < 0.2, columns=table.columns)
holes = table.mask(out)
print(holes.head())

# %%
# Each column is predicted from the others. Numbers stay numbers, words words.

filled = TabTransferImputer(1, random_state=0).fit_transform(holes)
print(filled.head())

# %%
# How far off is it? Beside it, what the column alone says: its mean, its commonest word.

true, cells = table[numbers], out[numbers].to_numpy()
off = float(np.abs(((filled[numbers] - true) / true.std()).to_numpy()[cells]).mean())
by_mean = float(np.abs(((holes[numbers].mean() - true) / true.std()).to_numpy()[cells]).mean())
words = table["cultivar"][out["cultivar"]]
wrong = float((filled["cultivar"][words.index] != words).mean())
by_commonest = float((holes["cultivar"].mode()[0] != words).mean())
print(f"numbers: {off:.2f} standard deviations on average; by the mean: {by_mean:.2f}")
print(f"words: {wrong:.0%} wrong; by the commonest one: {by_commonest:.0%}")

# %%
# The best value of every cell makes a table too smooth. ``values="drawn"`` draws from what is
# predicted instead; several draws show how sure it is (multiple imputation).

means = []
for seed in range(3):
    drawn = TabTransferImputer(1, values="drawn", random_state=seed).fit_transform(holes)
    means.append(drawn["proline"].mean())
print(
    f"mean of proline over draws: {np.mean(means):.0f}, from {min(means):.0f} to {max(means):.0f}"
)
