import runpy
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "outliers.py"


def test_wines_of_another_cultivar_stand_out():
    area, share = runpy.run_path(str(EXAMPLE))["main"](n_orders=2)
    assert area > 0.9 and share > 0.4
