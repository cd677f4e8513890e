"""What a wheel installs and asks for, and how light the package is to import."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import metadata, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tabtransfer.checkpoint import SHIPPED, read_header

ROOT = Path(__file__).resolve().parents[1]
HOMES = {
    "tabtransfer": "tabtransfer",
    "pretrain": "tabtransfer/pretrain",
    "finetune": "tabtransfer/finetune",
    "baselines": "tabtransfer/baselines",
    "datasets": "tabtransfer/datasets",
}
DATA = (
    "weights/*.safetensors",
    "weights/*.md",
    "bench/report/templates/*.j2",
    "bench/*.parquet",
    "py.typed",
)


@pytest.fixture(scope="module")
def wheel_files(tmp_path_factory) -> set[str]:
    """Build a wheel from a copy of the sources, without a network, and list its files."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in HOMES:
        shutil.copytree(
            ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps"]
    subprocess.run(
        [*pip, "--no-build-isolation", "--wheel-dir", folder, source], check=True, cwd=folder
    )
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_wheel_installs_one_top_level_package(wheel_files):
    (metadata,) = {name.split("/")[0] for name in wheel_files if ".dist-info/" in name}
    assert {name.split("/")[0] for name in wheel_files} == {"tabtransfer", metadata}


def test_wheel_holds_every_module(wheel_files):
    expected = {
        f"{home}/{file.relative_to(ROOT / folder).as_posix()}"
        for folder, home in HOMES.items()
        for file in (ROOT / folder).rglob("*.py")
    }
    assert {name for name in wheel_files if name.endswith(".py")} == expected


def test_wheel_holds_weights_templates_and_the_typing_marker(wheel_files):
    package = ROOT / "tabtransfer"
    expected = {
        f"tabtransfer/{file.relative_to(package).as_posix()}"
        for pattern in DATA
        for file in package.glob(pattern)
    }
    assert "tabtransfer/py.typed" in expected
    assert expected <= wheel_files


def test_python_started_in_a_clone_finds_all_of_the_package():
    # An installed package is hidden by the clone's folder; without its finder nothing else helps.
    code = (
        "import sys\n"
        "sys.meta_path = [one for one in sys.meta_path if 'editable' not in repr(one).lower()]\n"
        "from tabtransfer import FinetuneConfig; import tabtransfer.pretrain; print('found')"
    )
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=clean, capture_output=True, text=True
    )
    assert done.stdout == "found\n", done.stderr


def test_requirements_have_no_upper_bounds():
    requirements = [Requirement(line) for line in requires("tabtransfer")]
    assert {"torch", "scikit-learn", "catboost"} <= {item.name for item in requirements}
    operators = {bound.operator for item in requirements for bound in item.specifier}
    assert operators == {">="}


def imported_names(file: Path) -> Iterator[str]:
    """Return the full names of all that a module imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_nothing_private_is_imported_from_other_packages():
    private = {
        name
        for folder in HOMES
        for file in (ROOT / folder).rglob("*.py")
        for name in imported_names(file)
        if not name.startswith("tabtransfer.")
        and any(part.startswith("_") for part in name.split("."))
    }
    # Runs a sharded step in one process; torch has no public name for it.
    assert private <= {"torch.testing._internal.distributed.fake_pg.FakeStore"}


def test_code_and_weights_have_one_licence_and_the_weights_are_small():
    assert metadata("tabtransfer")["License-Expression"] == read_header()["licence"] == "Apache-2.0"
    assert all(file.stat().st_size < 16 * 2**20 for file in SHIPPED.parent.iterdir())


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import tabtransfer", {"torch", "sklearn", "pandas", "numpy", "catboost"}),
        (
            "from tabtransfer.checkpoint import load_checkpoint; load_checkpoint()",
            {"sympy", "torch._dynamo", "torch._inductor"},
        ),
    ],
    ids=["package", "weights"],
)
def test_what_is_not_needed_is_not_imported(statement, unwanted):
    code = f"import sys; {statement}; print(sorted({unwanted!r} & set(sys.modules)))"
    command = [sys.executable, "-P", "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
