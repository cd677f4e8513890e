"""
Comparing on your own table
===========================

Which method for this CSV file? ``tabtransfer compare`` measures it in a given time.
"""

# %%
# Any CSV, Parquet or Arrow file will do. Here it is one of scikit-learn's, written to a folder.

import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp

import matplotlib.pyplot as plt
from sklearn.datasets import load_breast_cancer

folder = Path(mkdtemp())
frame = load_breast_cancer(as_frame=True).frame
frame.sample(300, random_state=0).to_csv(folder / "tumours.csv", index=False)

# %%
# In a terminal: ``tabtransfer compare tumours.csv --target target --time 5m``. This page gives it
# forty seconds and three methods; left alone, it measures those that need no network, and searches
# settings as far as the time goes.

command = [sys.executable, "-m", "tabtransfer", "compare", "tumours.csv", "--target", "target"]
command += ["--time", "40s", "--methods", "tabtransfer,catboost,linear", "--jobs", "1"]
done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
print(done.stdout)

# %%
# Intervals and tests allow for folds that overlap. The folder ``reports/tumours`` has the results,
# a report as HTML and Markdown, and this picture. ``--save MODEL`` fits the recommended method to
# all rows; ``tabtransfer predict`` reads it.

figure, axes = plt.subplots(figsize=(8, 4))
axes.imshow(plt.imread(folder / "reports" / "tumours" / "leaderboard.png"))
axes.axis("off")
plt.show()
