from pathlib import Path

TESTS = Path(__file__).resolve().parent
EXAMPLES = TESTS.parents[1] / "examples"


def test_every_example_is_run_by_a_test():
    examples = {file.stem for file in EXAMPLES.glob("*.py")}
    assert examples
    assert {f"test_{name}.py" for name in examples} <= {file.name for file in TESTS.iterdir()}
