import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest
import torch

from tabtransfer.threads import torch_threads, usable_threads


@pytest.fixture(autouse=True)
def _restore():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_threads_are_set_within_and_restored_after():
    torch.set_num_threads(1)
    with torch_threads(2):
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == 1


def test_threads_are_restored_after_an_error():
    torch.set_num_threads(1)
    with pytest.raises(RuntimeError), torch_threads(2):
        raise RuntimeError
    assert torch.get_num_threads() == 1


def test_none_leaves_the_setting_alone():
    torch.set_num_threads(2)
    with torch_threads(None):
        assert torch.get_num_threads() == 2


def test_no_more_threads_than_processors():
    torch.set_num_threads(1)
    assert usable_threads(100_000) == os.cpu_count()
    with torch_threads(100_000):
        assert torch.get_num_threads() == os.cpu_count()


SERVER = """
import os, sys, warnings
import numpy as np, torch
torch.set_num_threads(2)
import tabtransfer

rng = np.random.default_rng(0)
X, y = rng.normal(size=(1500, 8)), rng.integers(0, 2, 1500)
path, checkpoint = sys.argv[1:]
options = dict(n_estimators=1, checkpoint=checkpoint, random_state=0, n_threads=2)
tabtransfer.TabTransferClassifier(**options).fit(X, y).save(path)
model = tabtransfer.load(path)
expected = model.predict_proba(X[:50])
workers = []
for _ in range(2):
    worker = os.fork()
    if not worker:
        ok = np.allclose(model.predict_proba(X[:50]), expected, atol=1e-4)
        again = tabtransfer.load(path).fit(X, y).predict_proba(X[:50])
        os._exit(0 if ok and np.allclose(again, expected, atol=1e-4) else 1)
    workers.append(worker)
print([os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in workers])
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_workers_forked_from_a_server_that_fitted_and_loaded_answer(tmp_path, small_checkpoint):
    variables = {k: v for k, v in os.environ.items() if not k.endswith("NUM_THREADS")}
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path / "model"), str(small_checkpoint)],
        env=variables,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = server.communicate(timeout=300)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)  # workers that hang, too
    assert said == "[0, 0]\n"
