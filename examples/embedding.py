"""Let a linear model learn from how the pretrained network sees rows.

`TabTransferEmbedder` turns rows into vectors, training rows out of fold, so that what is learned
from their vectors holds for new ones.

Run it with ``python examples/embedding.py``.
"""

from __future__ import annotations

from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tabtransfer import TabTransferEmbedder


def main(n_rows: int = 400) -> dict[str, float]:
    """Return the accuracy of logistic regression on columns and on vectors."""
    X, y = make_classification(
        n_rows, 8, n_informative=4, n_clusters_per_class=3, class_sep=1.5, random_state=0
    )
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    embedded = make_pipeline(TabTransferEmbedder(random_state=0), model)
    return {
        "on columns": model.fit(X_train, y_train).score(X_test, y_test),
        "on vectors": embedded.fit(X_train, y_train).score(X_test, y_test),
    }


if __name__ == "__main__":
    for name, accuracy in main().items():
        print(f"logistic regression {name}: accuracy {accuracy:.3f}")
