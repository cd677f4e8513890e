import runpy
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "imputation.py"


def test_cells_are_filled_in_better_than_by_the_columns_themselves():
    errors = runpy.run_path(str(EXAMPLE))["main"](n_rows=100, n_estimators=1)
    numbers, means, wrong, commonest = errors.values()
    assert numbers < 0.8 * means
    assert wrong < 0.5 * commonest
