"""What the package exports is all that readers are shown."""

import ast
import re
from pathlib import Path
from textwrap import dedent

import pytest

import tabtransfer

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
# Needs AutoGluon, so it has a module of its own.
DOCUMENTED_MODULES = {"tabarena"}


def python_of(page: Path) -> str:
    text = page.read_text()
    if page.suffix == ".py":
        return text
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return "\n".join(dedent(block) for block in blocks)


@pytest.mark.parametrize("page", [*PAGES, *EXAMPLES], ids=lambda page: page.stem)
def test_code_imports_public_names_alone(page):
    for node in ast.walk(ast.parse(python_of(page))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tabtransfer"):
            assert node.module == "tabtransfer"
            assert {alias.name for alias in node.names} <= set(tabtransfer.__all__)
        elif isinstance(node, ast.Import):
            assert not any(alias.name.startswith("tabtransfer.") for alias in node.names)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.stem != "architecture"], ids=lambda page: page.stem
)
def test_text_names_public_names_alone(page):
    named = set(re.findall(r"`tabtransfer\.(\w+)", page.read_text()))
    assert named <= set(tabtransfer.__all__) | DOCUMENTED_MODULES


def test_every_public_name_is_there():
    assert all(getattr(tabtransfer, name) for name in tabtransfer.__all__)
    assert set(dir(tabtransfer)) == set(tabtransfer.__all__)
