"""An agent's client starts the server and uses its tools over standard input and output."""

import asyncio
import os
import sys

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("mcp")
from mcp import Client, StdioServerParameters

from tabtransfer.agent_tools.server import make_server
from tabtransfer.agent_tools.workspace import Workspace


@pytest.fixture
def folder(tmp_path):
    size = np.arange(30.0)
    pd.DataFrame({"size": size, "big": size > 14}).to_csv(tmp_path / "things.csv", index=False)
    return tmp_path


async def use(server, calls):
    async with Client(server) as client:
        tools = (await client.list_tools()).tools
        return tools, [await client.call_tool(name, given) for name, given in calls]


@pytest.mark.slow
def test_an_agent_fits_and_predicts(folder):
    command = ["-P", "-m", "tabtransfer", "mcp", str(folder)]
    server = StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ))
    tools, answers = asyncio.run(
        use(
            server,
            [
                ("list_files", {}),
                ("fit", {"table": "things.csv", "target": "big", "model": "big.model"}),
                ("predict", {"model": "big.model", "table": "things.csv", "out": "p.csv"}),
            ],
        )
    )
    assert {tool.name for tool in tools} == {
        *("list_files", "describe", "fit", "predict", "explain", "compare")
    }
    assert not any(answer.is_error for answer in answers)
    assert answers[0].structured_content["tables"] == ["things.csv"]
    written = pd.read_csv(folder / "tabtransfer" / "p.csv")
    assert (written["prediction"] == (np.arange(30) > 14)).mean() > 0.8
    assert {path.name for path in folder.iterdir()} == {"things.csv", "tabtransfer"}


def test_the_agent_reads_what_is_wrong(folder):
    server = make_server(Workspace(folder, folder / "out"))
    tools, answers = asyncio.run(
        use(
            server,
            [
                ("describe", {"table": "../secret.csv"}),
                ("describe", {"table": "things.csv", "target": "bgi"}),
                ("explain", {"model": "m.model", "table": "things.csv", "n_rows": 1000}),
            ],
        )
    )
    texts = [answer.content[0].text for answer in answers]
    assert all(answer.is_error for answer in answers)
    assert "leads out of the folder" in texts[0]
    assert "Did you mean 'big'?" in texts[1]
    assert "less than or equal to 20" in texts[2]
    hints = {tool.name: tool.annotations.read_only_hint for tool in tools}
    assert hints["describe"] and not hints["fit"]
