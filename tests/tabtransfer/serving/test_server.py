"""The command starts a server with several workers, and a client reaches it."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from tabtransfer import TabTransferClassifier

pytest.importorskip("uvicorn")
httpx2 = pytest.importorskip("httpx2")


@pytest.fixture(scope="module")
def model():
    X = pd.DataFrame({"size": np.arange(30.0), "sort": list("uvw") * 10})
    return TabTransferClassifier(1, trees=False, n_threads=1, random_state=0).fit(X, X["size"] > 14)


@pytest.fixture(scope="module")
def address(model, tmp_path_factory):
    """Start the command on a free port, and end it after the tests."""
    path = tmp_path_factory.mktemp("served") / "size.model"
    model.save(path)
    command = [sys.executable, "-P", "-m", "tabtransfer", "serve", path, "--port", "0"]
    server = subprocess.Popen([*command, "--workers", "2"], stderr=subprocess.PIPE, text=True)
    said = []
    for line in server.stderr:
        said.append(line)
        if "startup complete" in line:
            break
    yield re.search(r"http://127\.0\.0\.1:\d+", "".join(said)).group()
    server.terminate()
    server.communicate(timeout=30)
    assert server.returncode is not None


@pytest.mark.slow
def test_clients_at_the_same_time_get_the_answers_of_the_model(address, model):
    frame = model.fitted_.rows.X
    expected = model.predict_proba(frame)[:, 1]

    def ask(place):
        rows = frame.iloc[[place]].to_dict("records")
        answer = httpx2.post(f"{address}/predict", json={"rows": rows}, timeout=60).json()
        return answer["predictions"][0]["probability_True"]

    with ThreadPoolExecutor(8) as clients:
        found = list(clients.map(ask, range(len(frame))))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert httpx2.get(f"{address}/health", timeout=60).json()["columns"] == ["size", "sort"]
