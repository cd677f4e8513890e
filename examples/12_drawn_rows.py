"""
Drawn rows
==========

Draw rows that are like a table's, and see how like.
"""

# %%
# The species is a column like the others. Half of the flowers are held out.

import matplotlib.pyplot as plt
from sklearn.datasets import load_iris

from tabtransfer import TabTransferGenerator

frame = load_iris(as_frame=True).frame.sample(frac=1.0, random_state=0)
frame["target"] = frame["target"].map({0: "setosa", 1: "versicolor", 2: "virginica"})
training, held_out = frame[:75], frame[75:]
generator = TabTransferGenerator(1, n_orders=1, random_state=0).fit(training)
print(generator.sample(5))

# %%
# Rows can be asked for under conditions. A temperature below 1 draws what is more likely.

flowers = generator.sample(10, conditions={"target": "setosa"}, temperature=0.7)
print(flowers)

# %%
# ``evaluate`` draws as many rows as there were, and sets them beside those held out. Drawn rows
# are as good as real ones where both columns say the same.

report = generator.evaluate(held_out, target="target")
print(report.table.round(3))
report.plot()
plt.show()
