"""What a wheel installs, and how light the package is to import."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOMES = {
    "tabtransfer": "tabtransfer",
    "pretrain": "tabtransfer/pretrain",
    "finetune": "tabtransfer/finetune",
    "baselines": "tabtransfer/baselines",
    "datasets": "tabtransfer/datasets",
}
DATA = ("weights/*.safetensors", "weights/*.md", "bench/*.j2", "py.typed")


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


def test_import_is_light():
    code = (
        "import sys, time; start = time.perf_counter(); import tabtransfer;"
        "print(time.perf_counter() - start);"
        "print(sorted({'torch', 'sklearn', 'pandas', 'numpy', 'catboost'} & set(sys.modules)))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(5)
    ]
    seconds, loaded = zip(*(run.stdout.splitlines() for run in runs), strict=True)
    assert set(loaded) == {"[]"}
    assert statistics.median(map(float, seconds)) < 0.3
