"""Find wines of another cultivar among those of one, without labels.

`TabTransferOutlierDetector` scores rows by how well their cells go together.

Run it with ``python examples/outliers.py``.
"""

from __future__ import annotations

import pandas as pd
from sklearn.datasets import load_wine
from sklearn.metrics import roc_auc_score

from tabtransfer import TabTransferOutlierDetector

COLUMNS = ["alcohol", "malic_acid", "flavanoids", "color_intensity", "hue", "proline"]


def main(n_orders: int = 4) -> tuple[float, float]:
    """Return the ROC AUC of the scores, and the share of outliers among the rows named."""
    X, y = load_wine(return_X_y=True, as_frame=True)
    rows = pd.concat([X[y == 1], X[y == 2].sample(7, random_state=0)])[COLUMNS]
    outlier = y[rows.index] == 2
    detector = TabTransferOutlierDetector(n_orders=n_orders, contamination=0.1, random_state=0)
    named = detector.fit_predict(rows) == -1
    area = roc_auc_score(outlier, -detector.score_samples(rows))
    return float(area), float(outlier[named].mean())


if __name__ == "__main__":
    area, share = main()
    print(
        f"ROC AUC {area:.3f}; of the rows named as outliers, {share:.0%} are of the other cultivar"
    )
