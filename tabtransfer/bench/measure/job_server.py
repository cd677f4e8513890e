"""The process that starts each job in a process of its own, and ends it at its limits.

It imports what the jobs need once and forks, so that a job starts at once and in a clean
process. Requests come on standard input, answers go to standard output; it ends with the process
that started it, whatever became of that, and takes a running job along.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
from contextlib import suppress
from multiprocessing import connection, get_context
from multiprocessing.process import BaseProcess
from typing import IO, Any

from tabtransfer import environment
from tabtransfer.bench.measure.run_job import OVER, JobRequest, describe_error, run_job, warm_up
from tabtransfer.bench.results import FAILED, LEFT_OUT, OUT_OF_MEMORY, TIMEOUT

# Forking a process with loaded libraries is safe on Linux alone; elsewhere each job imports anew.
_FORKS = sys.platform == "linux"
_CONTEXT: Any = get_context("fork" if _FORKS else "spawn")
_MEMORY_CHECK_SECONDS = 0.05
_EXIT_SECONDS = 5.0  # for a job's process to go by itself, after its outcome came


def serve() -> None:
    """Run the jobs that arrive on standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches us too; our parent decides
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what methods print isn't an answer
    facts = {"machine": environment.machine(), "cpu": environment.cpu_model()}
    while True:
        try:
            pickled = pickle.load(requests)
        except EOFError:
            return
        pickle.dump({**facts, **_answer(pickled, requests)}, answers)
        answers.flush()


def _answer(pickled: bytes, requests: IO[bytes]) -> dict[str, Any]:
    try:
        request = pickle.loads(pickled)
        warm_up(request)
    except Exception as error:
        return {"status": FAILED, "reason": describe_error(error)}
    receiver, sender = _CONTEXT.Pipe(duplex=False)
    # As bytes where the child has to read the request itself: what it refers to may not pickle.
    process = _CONTEXT.Process(target=_run, args=(request if _FORKS else pickled, sender))
    process.start()
    sender.close()
    try:
        outcome = _watch(process, receiver, request, requests)
        if outcome["status"] not in (TIMEOUT, OUT_OF_MEMORY, LEFT_OUT):
            process.join(_EXIT_SECONDS)
        return outcome
    finally:
        if process.is_alive():
            end_process(process.pid)
        process.join()
        receiver.close()


def _run(request: JobRequest | bytes, sender: connection.Connection) -> None:
    environment.end_with_parent()
    outcome = run_job(pickle.loads(request) if isinstance(request, bytes) else request)
    sender.send(outcome)


def _watch(
    process: BaseProcess,
    receiver: connection.Connection,
    request: JobRequest,
    requests: IO[bytes],
) -> dict[str, Any]:
    """Wait for the job's outcome, its end, its limits, or the end of the parent process."""
    limits, started = request.limits, time.monotonic()
    memory_before = _memory_gb(process)
    while True:
        remaining = None
        if limits.seconds is not None:
            remaining = started + limits.seconds - time.monotonic()
            if remaining <= 0:
                reason = f"stopped after {limits.seconds:g} s, the time limit"
                return {"status": TIMEOUT, "reason": reason}
        if request.deadline is not None:
            left = request.deadline - time.monotonic()
            if left <= 0:
                return OVER
            remaining = left if remaining is None else min(left, remaining)
        if limits.memory_gb is not None:
            if _memory_gb(process) - memory_before > limits.memory_gb:
                reason = f"stopped above {limits.memory_gb:g} GB, the memory limit"
                return {"status": OUT_OF_MEMORY, "reason": reason}
            remaining = min(_MEMORY_CHECK_SECONDS, remaining or _MEMORY_CHECK_SECONDS)
        ready = connection.wait([receiver, *_ends_with(requests)], remaining)
        if receiver in ready:
            try:
                return receiver.recv()
            except EOFError:
                process.join()
                return _death(process)
        if ready:
            sys.exit()


def _ends_with(requests: IO[bytes]) -> list[Any]:
    # Nothing is sent while a job runs, so it can be read only where the other end is closed.
    return [requests] if os.name == "posix" else []


def _memory_gb(process: BaseProcess) -> float:
    import psutil

    with suppress(psutil.Error):
        return psutil.Process(process.pid).memory_info().rss / 1e9
    return 0.0


def _death(process: BaseProcess) -> dict[str, Any]:
    """Describe a job's process that ended without an outcome."""
    code = process.exitcode or 0
    how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
    if how == "SIGKILL":
        reason = "the job's process was killed, most likely by the system for lack of memory"
        return {"status": OUT_OF_MEMORY, "reason": reason}
    return {"status": FAILED, "reason": f"the job's process died ({how})"}


def end_process(pid: int | None) -> None:
    """Kill a process and all that it has started."""
    import psutil

    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (*process.children(recursive=True), process):
            with suppress(psutil.Error):
                one.kill()
