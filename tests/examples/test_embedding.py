import runpy
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "embedding.py"


def test_vectors_help_a_linear_model():
    accuracy = runpy.run_path(str(EXAMPLE))["main"](n_rows=240)
    assert accuracy["on vectors"] > accuracy["on columns"] + 0.03
