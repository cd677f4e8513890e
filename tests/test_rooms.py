"""Modules keep to each other's public names; import-linter checks which room may know which."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("tabtransfer", "pretrain", "finetune", "baselines", "datasets")
# torch has no other way to draw from a gamma distribution with a generator, and documents its
# operations on lists of tensors under these names.
ALLOWED = {
    "torch._standard_gamma",
    "torch._foreach_add_",
    "torch._foreach_lerp",
    "torch._foreach_lerp_",
    "torch._foreach_mul_",
}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def defined_names(tree: ast.Module) -> set[str]:
    """Return the names that a module gives to functions, classes, fields and attributes of self."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            names.add(node.attr)
    return names


def borrowed_names(source: str) -> Iterator[str]:
    """Return the private names that a module uses and neither defines nor inherits."""
    tree = ast.parse(source)
    own = defined_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names if is_private(alias.name))
        elif isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in own:
            owner = ast.unparse(node.value)
            if owner not in ("self", "cls", "super()"):
                yield f"{owner}.{node.attr}"


def test_no_module_uses_private_names_of_another():
    found = {
        f"{file.relative_to(ROOT)}: {name}"
        for folder in FOLDERS
        for file in (ROOT / folder).rglob("*.py")
        for name in borrowed_names(file.read_text())
        if name not in ALLOWED
    }
    assert found == set()


def test_borrowed_names_are_found():
    source = (
        "from m import _a, b\nclass C:\n    def f(self, other):\n"
        "        return self._x + other._x + super()._z + other._f.g\n"
    )
    assert sorted(borrowed_names(source)) == ["_a", "other._f", "other._x"]
    assert list(borrowed_names("class C:\n    _x: int = 0\n\ndef f(c):\n    return c._x")) == []
