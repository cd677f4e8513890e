import runpy
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "threshold.py"


def test_the_tuned_threshold_costs_less():
    found = runpy.run_path(str(EXAMPLE))["main"](n_rows=400, n_estimators=1)
    assert 0.0 < found["threshold"] < 0.5
    assert found["cost at the tuned threshold"] < found["cost at 0.5"]
