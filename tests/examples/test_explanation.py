import runpy
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "explanation.py"


def test_rows_of_most_weight_drive_predictions_more_than_random_ones():
    explanation, changes = runpy.run_path(str(EXAMPLE))["main"](n_rows=56, n_estimators=1)
    assert len(explanation.columns) == 8 and len(explanation.rows) == 80
    assert changes["rows of most weight"] > changes["random rows"]
