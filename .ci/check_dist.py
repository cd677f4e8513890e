"""Check the wheel and the source distribution, and run the README in a bare environment.

Run it as ``python .ci/check_dist.py DIST FOLDER CONSTRAINTS``: what is in DIST is installed into a
new virtual environment in FOLDER.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOST_BYTES = 20 * 2**20
WEIGHTS = {
    "tabtransfer/weights/tabtransfer.safetensors",
    "tabtransfer/weights/synthetic.safetensors",
}


def check_wheel(wheel: Path) -> None:
    """Check that a wheel has one package, the weights, and a licence, and is small."""
    names = set(zipfile.ZipFile(wheel).namelist())
    packages = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert packages == {"tabtransfer"}, packages
    assert names >= WEIGHTS, WEIGHTS - names
    assert any(name.endswith("/LICENSE") for name in names)
    assert wheel.stat().st_size < MOST_BYTES, wheel.stat().st_size


def check_source(archive: Path) -> None:
    """Check that a source distribution has what a wheel is built from, and is small."""
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    needed = {"pyproject.toml", "README.md", "LICENSE", "pretrain/__init__.py", *WEIGHTS}
    assert names >= needed, needed - names
    assert not any(name.startswith((".venv", "build", "reports", "shared")) for name in names)
    assert archive.stat().st_size < MOST_BYTES, archive.stat().st_size


def check_bare(wheel: Path, folder: Path, constraints: Path) -> None:
    """Install a wheel into a new environment, and run the Python of the README there."""
    venv.create(folder, clear=True, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-compile"]  # imports compile
    subprocess.run([*install, "-c", constraints, wheel], check=True)
    # Elsewhere than in the sources, whose modules would be found first.
    command = [python, "-m", "tabtransfer", "--help"]
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    for block in re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL):
        subprocess.run([python, "-c", block], check=True, cwd=folder)


if __name__ == "__main__":
    dist, folder, constraints = (Path(given).resolve() for given in sys.argv[1:])
    [wheel], [archive] = dist.glob("*.whl"), dist.glob("*.tar.gz")
    check_wheel(wheel)
    check_source(archive)
    check_bare(wheel, folder, constraints)
    for made in (wheel, archive):
        print(f"{made.name}: {made.stat().st_size / 2**20:.1f} MiB")
