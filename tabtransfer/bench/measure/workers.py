"""The workers that run jobs: on this machine, on a Ray cluster, on a Dask cluster.

Wherever it is, a job runs in a process of its own under a job server (`job_server`). Ray and Dask
place the jobs and start those again whose worker was lost.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from tabtransfer.bench.results import FAILED
from tabtransfer.environment import thread_variables
from tabtransfer.errors import TabTransferError, did_you_mean

LOCAL = "local"
"""Name of the backend that runs jobs on this machine."""

# Python puts the current folder first on the path of `-c`: a `pickle.py` there would be run.
_SERVE = (
    "import sys; sys.path[:] = filter(None, sys.path); "
    "import pickle; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from tabtransfer.bench.measure.job_server import serve; serve()"
)
_CLOSE_SECONDS = 2.0  # for a server to end by itself
_MAX_RETRIES = 3  # of a job whose worker was lost


class JobServer:
    """Start a job server and hand it one job at a time.

    Parameters
    ----------
    n_threads : int
        Threads of one job.
    """

    def __init__(self, n_threads: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={
                **os.environ,
                **thread_variables(n_threads),
                # So that asking for a GPU before the fork doesn't make it unusable after.
                "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
                "PYTHONSAFEPATH": "1",  # for the processes that jobs start (Python 3.11 on)
            },
        )
        self._send(sys.path)

    def run(self, request: bytes) -> dict[str, Any]:
        """Run a pickled `JobRequest`; return its outcome, with the seconds that it took in all.

        Raises
        ------
        EOFError
            The server died.
        """
        started = time.perf_counter()
        self._send(request)
        assert self._process.stdout is not None
        outcome = pickle.load(self._process.stdout)
        return {**outcome, "job_seconds": time.perf_counter() - started}

    def close(self) -> None:
        """End the server and the job that it is running."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _send(self, message: Any) -> None:
        assert self._process.stdin is not None
        try:
            pickle.dump(message, self._process.stdin)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise EOFError from error


class Workers(Protocol):
    """The interface of workers, which may be called by many threads at a time."""

    def run(self, request: bytes) -> dict[str, Any]:
        """Run a pickled `JobRequest` and return its outcome."""

    def close(self) -> None:
        """End what is running."""


class LocalWorkers:
    """Run jobs on this machine, under a job server for each that runs at the same time.

    Parameters
    ----------
    n_threads : int
        Threads of one job.
    """

    def __init__(self, n_threads: int) -> None:
        self._n_threads = n_threads
        self._servers: list[JobServer] = []
        self._idle: SimpleQueue[JobServer] = SimpleQueue()

    def run(self, request: bytes) -> dict[str, Any]:
        """Run a pickled `JobRequest` and return its outcome."""
        try:
            server = self._idle.get_nowait()
        except Empty:
            server = JobServer(self._n_threads)
            self._servers.append(server)
        try:
            outcome = server.run(request)
        except (EOFError, pickle.UnpicklingError):
            self._servers.remove(server)
            server.close()
            return {"status": FAILED, "reason": "the process that starts jobs died"}
        self._idle.put(server)
        return outcome

    def close(self) -> None:
        """End all servers and what they are running."""
        for server in tuple(self._servers):
            server.close()


class RayWorkers:
    """Run jobs on the Ray cluster that the program is connected to, or that Ray finds or starts.

    joblib's backend for Ray isn't used: it gives no result before the last, and it hands jobs to
    workers in turn, whether they are busy or not.

    Parameters
    ----------
    n_threads : int
        Threads of one job; Ray reserves as many cores.
    """

    def __init__(self, n_threads: int) -> None:
        try:
            import ray
        except ImportError as error:
            raise _missing("ray") from error
        self._connected = not ray.is_initialized()
        if self._connected:
            ray.init(include_dashboard=False)
        self._n_threads = n_threads
        self._run = ray.remote(num_cpus=n_threads, max_retries=_MAX_RETRIES)(_run_on_worker)

    def run(self, request: bytes) -> dict[str, Any]:
        """Run a pickled `JobRequest` and return its outcome."""
        import ray

        return ray.get(self._run.remote(request, self._n_threads))

    def close(self) -> None:
        """Leave the cluster, if it wasn't the program that joined it."""
        import ray

        if self._connected:
            ray.shutdown()


class DaskWorkers:
    """Run jobs on the Dask cluster of the current client, or of a client with Dask's settings.

    Without an address in the settings (``DASK_SCHEDULER_ADDRESS``) that is a local cluster.

    Parameters
    ----------
    n_threads : int
        Threads of one job.
    """

    def __init__(self, n_threads: int) -> None:
        try:
            from dask.distributed import Client, get_client
        except ImportError as error:
            raise _missing("dask") from error
        self._n_threads = n_threads
        self._own_client = None
        try:
            self._client = get_client()
        except ValueError:
            self._client = self._own_client = Client()

    def run(self, request: bytes) -> dict[str, Any]:
        """Run a pickled `JobRequest` and return its outcome."""
        return self._client.submit(_run_on_worker, request, self._n_threads, pure=False).result()

    def close(self) -> None:
        """Close the client, if it wasn't the program's."""
        if self._own_client is not None:
            self._own_client.close()


def open_workers(backend: str, n_threads: int) -> Workers:
    """Open the workers of a backend.

    Parameters
    ----------
    backend : {"local", "ray", "dask"}
        Where jobs run.
    n_threads : int
        Threads of one job.

    Returns
    -------
    Workers
        To be closed after use.

    Raises
    ------
    TabTransferError
        If there is no such backend, or its package isn't installed.
    """
    workers: dict[str, Callable[[int], Workers]] = {
        LOCAL: LocalWorkers,
        "ray": RayWorkers,
        "dask": DaskWorkers,
    }
    if backend not in workers:
        raise TabTransferError(
            f"There is no backend {backend!r}; the backends are {', '.join(workers)}."
            f"{did_you_mean(backend, workers)}"
        )
    return workers[backend](n_threads)


def _run_on_worker(request: bytes, n_threads: int) -> dict[str, Any]:
    """Run a job in a cluster's process, which keeps its job servers for the next."""
    return _workers_of_process(n_threads).run(request)


@cache
def _workers_of_process(n_threads: int) -> LocalWorkers:
    return LocalWorkers(n_threads)


def _missing(package: str) -> TabTransferError:
    return TabTransferError(
        f"The {package} backend needs a package that isn't installed: pip install "
        '"tabtransfer[cluster]"'
    )
