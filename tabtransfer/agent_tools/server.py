"""The tools as a server of the Model Context Protocol."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

import tabtransfer
from tabtransfer.agent_tools.tools import Tools
from tabtransfer.agent_tools.workspace import Workspace
from tabtransfer.destinations import describe_write_error
from tabtransfer.errors import TabTransferError

__all__ = ["make_server"]

_INSTRUCTIONS = """\
Predict columns of the tables in a folder. Begin with list_files and describe; compare says whether
this network, CatBoost or another method suits a table; fit saves a model; predict and explain use
it. Results go to an output folder; nothing else is written."""


def make_server(workspace: Workspace) -> MCPServer[Any]:
    """Return a server of the tools over a workspace.

    Parameters
    ----------
    workspace : Workspace
        Where tables are and results go.

    Returns
    -------
    mcp.server.MCPServer
        Its ``run()`` serves over standard input and output.
    """
    tools = Tools(workspace)
    server: MCPServer[Any] = MCPServer(
        "tabtransfer",
        instructions=_INSTRUCTIONS,
        version=tabtransfer.__version__,
        log_level="WARNING",
    )
    reading = (tools.list_files, tools.describe, tools.explain)
    for tool in (*reading, tools.fit, tools.predict, tools.compare):
        annotations = ToolAnnotations(
            read_only_hint=tool in reading, destructive_hint=False, open_world_hint=False
        )
        server.tool(annotations=annotations)(_saying_errors(tool))
    return server


def _saying_errors(tool: Callable[..., Any]) -> Callable[..., Any]:
    """Let the agent read what is wrong with what it asked for."""

    @wraps(tool)
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return tool(*arguments, **named)
        except TabTransferError as error:
            raise ToolError(str(error)) from error
        except OSError as error:
            message = describe_write_error(error)
            if message is None:
                raise
            raise ToolError(message) from error

    return call
