"""Refuse requests whose body is too large, before it is in memory."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SizeLimit"]


class SizeLimit:
    """Answer 413 to requests with a larger body.

    Parameters
    ----------
    app : ASGI application
        Answers the others.
    most_bytes : int
        Bytes of a body.
    """

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self.app = app
        self.most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, as far as it may go, and pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        stated = Headers(scope=scope).get("content-length", "0")
        too_large = stated.isdecimal() and int(stated) > self.most_bytes
        messages: list[Message] = []
        n_bytes = 0
        while not too_large:  # bodies in chunks state no length
            message = await receive()
            messages.append(message)
            n_bytes += len(message.get("body", b""))
            too_large = n_bytes > self.most_bytes
            if not message.get("more_body", False):
                break
        if too_large:
            text = f"The body is larger than {self.most_bytes:,} bytes: send fewer rows at a time."
            await JSONResponse({"detail": text}, 413)(scope, receive, send)
            return

        async def replay() -> Message:
            return messages.pop(0) if messages else await receive()

        await self.app(scope, replay, send)
