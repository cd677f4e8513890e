"""Models work without a network, an account, a browser, and a home folder."""

import os
import subprocess
import sys

import pytest

CODE = """
import os
import sys

FORBIDDEN = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
             "socket.sendmsg", "urllib.Request", "webbrowser.open")

def refuse(event, args):
    if event in FORBIDDEN:
        print(event, args, file=sys.stderr, flush=True)
        os._exit(1)  # an exception might be caught

sys.addaudithook(refuse)
import numpy as np
import pandas as pd
import tabtransfer
from tabtransfer import TabTransferClassifier, TabTransferRegressor

X = pd.DataFrame({
    "number": np.arange(80.0),
    "text": [f"the {row}th of some names" for row in range(80)],
    "day": pd.date_range("2024-05-13", periods=80),
    "written": pd.date_range("2024-05-13", periods=80).strftime("%Y-%m-%d"),
})
y = np.arange(80) % 3
model = TabTransferClassifier(1, finetune=True, calibrate=True, time_limit=0.5, random_state=0)
model.fit(X, y).save(sys.argv[1])
print(tabtransfer.load(sys.argv[1]).predict(X).shape)
print(TabTransferRegressor(1, random_state=0).fit(X, y).predict(X, output="quantiles").shape)
"""


@pytest.mark.slow
def test_shipped_weights_need_neither_network_nor_browser_nor_home_folder(tmp_path):
    (tmp_path / "file").touch()
    home = str(tmp_path / "file" / "home")  # no folder can be made here
    environment = {**os.environ, "HOME": home, "MPLCONFIGDIR": str(tmp_path)}
    environment.pop("SKB_DATA_DIRECTORY", None)
    command = [sys.executable, "-P", "-c", CODE, str(tmp_path / "saved.model")]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split("\n")[:2] == ["(80,)", "(80, 3)"]
