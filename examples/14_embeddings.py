"""
Embeddings
==========

Let other models learn from how the pretrained network sees rows.
"""

# %%
# Classes that no straight line parts.

import matplotlib.pyplot as plt
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tabtransfer import TabTransferEmbedder

X, y = make_classification(
    240, 8, n_informative=4, n_clusters_per_class=3, class_sep=1.5, random_state=0
)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

# %%
# Training rows are embedded out of fold, without their own label, so that what a model learns from
# their vectors holds for new rows.

head = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
embedded = make_pipeline(TabTransferEmbedder(random_state=0), head)
accuracy = {
    "columns": head.fit(X_train, y_train).score(X_test, y_test),
    "vectors": embedded.fit(X_train, y_train).score(X_test, y_test),
}
print(accuracy)

# %%
# The same rows in two dimensions.

pairs = {"columns": X_test, "vectors": embedded[0].transform(X_test)}
figure, axes = plt.subplots(1, 2, figsize=(8, 3.5), layout="constrained")
for one, (name, cells) in zip(axes, pairs.items(), strict=True):
    places = PCA(2).fit_transform(StandardScaler().fit_transform(cells))
    one.scatter(*places.T, c=y_test, s=10, cmap="coolwarm")
    one.set_title(f"held-out rows by their {name}")
plt.show()
