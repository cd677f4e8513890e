"""Fill in missing cells of a table of wines, and check the filling on cells that are known.

`TabTransferImputer` predicts each column from the others: numbers and categories alike. Whether it
does so well can be checked by taking out cells that are known.

Run it with ``python examples/imputation.py``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.datasets import load_wine

from tabtransfer import TabTransferImputer


def main(n_rows: int = 178, n_estimators: int = 2) -> dict[str, float]:
    """Return the errors of filled-in cells, ours and the column's mean or commonest category."""
    X, y = load_wine(return_X_y=True, as_frame=True)
    table = X[["alcohol", "flavanoids", "color_intensity", "proline"]].assign(
        cultivar=y.map({0: "first", 1: "second", 2: "third"})
    )
    table = table.sample(n_rows, random_state=0).reset_index(drop=True)
    out = pd.DataFrame(np.random.default_rng(0).random(table.shape) < 0.2, columns=table.columns)
    holes = table.mask(out)
    filled = TabTransferImputer(n_estimators, random_state=0).fit_transform(holes)
    wrong = (filled["cultivar"] != table["cultivar"])[out["cultivar"]].mean()
    commonest = (holes["cultivar"].mode()[0] != table["cultivar"])[out["cultivar"]].mean()
    numbers = list(table.columns[:-1])
    true, cells = table[numbers], out[numbers].to_numpy()
    off = ((filled[numbers] - true) / true.std()).to_numpy()[cells]
    means = ((holes[numbers].mean() - true) / true.std()).to_numpy()[cells]
    return {
        "numbers: mean error in standard deviations": float(np.abs(off).mean()),
        "numbers: by the column's mean": float(np.abs(means).mean()),
        "categories: share of wrong ones": float(wrong),
        "categories: by the commonest one": float(commonest),
    }


if __name__ == "__main__":
    for name, value in main().items():
        print(f"{name}: {value:.3f}")
