"""Where and with what a measurement ran: processor, versions, threads, memory."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Iterable
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
# Distributions whose module has another name.
_MODULES = {"scikit-learn": "sklearn"}


def cpu_model() -> str:
    """Name the processor as the operating system does."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def package_versions(packages: Iterable[str]) -> dict[str, str]:
    """Give the versions of Python, tabtransfer and the named packages.

    Where tabtransfer is itself among the named ones, its version is followed by a digest of
    the weights that it ships: other weights are another model.

    Examples
    --------
    >>> sorted(package_versions(["numpy"]))
    ['numpy', 'python', 'tabtransfer']
    """
    from tabtransfer import __version__

    versions = {"python": platform.python_version(), "tabtransfer": __version__}
    for package in packages:
        if package == "tabtransfer":
            versions[package] = __version__ + _weights_suffix()
            continue
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def _weights_suffix() -> str:
    import tabtransfer

    files = sorted((Path(tabtransfer.__file__).parent / "weights").glob("*.safetensors"))
    if not files:
        return ""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files))
    return f"+weights.{digest.hexdigest()[:8]}"


def limit_threads(n_threads: int) -> None:
    """Hold this process to a number of threads, loaded libraries included."""
    for name in _THREAD_VARIABLES:
        os.environ[name] = str(n_threads)
    from threadpoolctl import threadpool_limits

    threadpool_limits(n_threads)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(n_threads)


def import_packages(packages: Iterable[str]) -> None:
    """Import the modules of the named packages, so that no timing includes it."""
    for package in packages:
        module = _MODULES.get(package, package.replace("-", "_"))
        if find_spec(module) is not None:
            import_module(module)


def reset_peak_memory() -> bool:
    """Start a new high-water mark of this process's memory; False where that can't be."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def peak_memory_mb() -> float:
    """Read the process's high-water mark since `reset_peak_memory`, in MB (Linux only)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return float("nan")
