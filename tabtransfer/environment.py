"""The environment of a measurement: machine, versions, threads, memory."""

from __future__ import annotations

import hashlib
import os
import platform
import signal
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
    """Return the name of the processor as the operating system states it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def machine() -> str:
    """Describe the machine without naming it: system, cores that may be used, memory.

    Examples
    --------
    >>> machine().count(", ")
    2
    """
    import psutil

    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    n_cores = len(affinity(0)) if affinity is not None else os.cpu_count()
    gigabytes = psutil.virtual_memory().total / 1e9
    return f"{platform.system()} {platform.machine()}, {n_cores} cores, {gigabytes:.0f} GB"


def package_versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python, tabtransfer and the named packages.

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


def thread_variables(n_threads: int) -> dict[str, str]:
    """Return the environment variables that limit libraries to a number of threads.

    Examples
    --------
    >>> thread_variables(2)["OMP_NUM_THREADS"]
    '2'
    """
    return dict.fromkeys(_THREAD_VARIABLES, str(n_threads))


def limit_threads(n_threads: int) -> None:
    """Limit this process to a number of threads, loaded libraries included."""
    os.environ.update(thread_variables(n_threads))
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


def memory_mb() -> tuple[float, float]:
    """Return the memory that this process uses and the most that it ever used.

    Returns
    -------
    now, peak : float
        Resident memory in MB; without a high-water mark (other systems than Linux) the peak
        is NaN.
    """
    import psutil

    now = psutil.Process().memory_info().rss / 1e6
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        if line.startswith("VmHWM:"):
            return now, int(line.split()[1]) * 1024 / 1e6
    return now, float("nan")


def end_with_parent() -> None:
    """Have the system kill this process when the one that made it ends (Linux only)."""
    if sys.platform == "linux":
        import ctypes

        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
