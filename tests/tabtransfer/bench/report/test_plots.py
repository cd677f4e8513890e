import numpy as np
import pandas as pd
import pytest

from tabtransfer.bench.analysis.scores import CLASSES
from tabtransfer.bench.report.plots import draw_quality_and_time


@pytest.mark.parametrize("seed", [0, 1])
def test_names_lie_over_no_point_and_no_other_name(seed):
    rng, n = np.random.default_rng(seed), 16
    board = pd.DataFrame(
        {
            "method": [f"method-{i}-tuned" for i in range(n)],
            "fit_seconds": 10 ** rng.normal(0, 0.6, n),
            "predict_seconds": 0.0,
            "roc_auc": 0.9 + 0.01 * rng.normal(size=n),
        }
    )
    figure = draw_quality_and_time(board, CLASSES)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    points = axes.transData.transform(board[["fit_seconds", "roc_auc"]].to_numpy())
    radius = 4 * figure.dpi / 72
    boxes = {text.get_text(): text.get_window_extent() for text in axes.texts}
    assert set(boxes) == set(board["method"])
    hidden = [
        name
        for name, box in boxes.items()
        for x, y in points
        if box.x0 - radius < x < box.x1 + radius and box.y0 - radius < y < box.y1 + radius
    ]
    assert hidden == []
    found = list(boxes.values())
    assert not any(one.overlaps(other) for n, one in enumerate(found) for other in found[:n])
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in found)
