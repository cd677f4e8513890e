import runpy
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "generation.py"


def test_drawn_flowers_are_like_real_ones():
    flowers, report = runpy.run_path(str(EXAMPLE))["main"](n_rows=60, n_estimators=1)
    assert set(flowers["target"]) == {"setosa"} and flowers["petal length (cm)"].median() < 2
    assert report.table.loc["ROC AUC of a forest trained on them", "drawn"] > 0.9
    assert report.table.loc["share equal to a training row", "drawn"] == 0.0
