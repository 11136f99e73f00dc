"""Server-sent events that end with their client: the source is closed as soon as the connection is."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from governance.errors import GovernanceError
from serve_apps.generator.errors import GenerationFailed
from serve_apps.ingress.errors import ApiError
from serve_apps.ingress.problems import error_body

QUIET_S = 15.0
"""A comment is sent when there was nothing to say for so long, so that nothing between takes the line for dead."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its name and one line of JSON; `id` lets a client go on after it."""

    name: str
    data: str
    id: str | None = None

    def encode(self) -> bytes:
        number = f"id: {self.id}\n" if self.id is not None else ""
        return f"{number}event: {self.name}\ndata: {self.data}\n\n".encode()


class EventStream(Response):
    """`text/event-stream`; an error of the source becomes a last event `error` in the shape of its path."""

    media_type = "text/event-stream"

    def __init__(self, request: Request, source: AsyncGenerator[ServerEvent, None]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._request = request
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        sending = asyncio.ensure_future(self._send_all(send))
        gone = asyncio.ensure_future(_closed(receive))
        try:
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            sending.cancel()
            gone.cancel()
            await asyncio.gather(sending, gone, return_exceptions=True)

    async def _send_all(self, send: Send) -> None:
        async with aclosing(self._with_comments()) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _with_comments(self) -> AsyncGenerator[bytes, None]:
        source = self._encoded()
        pending: asyncio.Task[bytes] | None = None
        try:
            while True:
                pending = pending or asyncio.ensure_future(_next(source))
                done, _ = await asyncio.wait({pending}, timeout=QUIET_S)
                if not done:
                    yield b": still here\n\n"
                    continue
                chunk = pending.result()
                pending = None
                if not chunk:
                    return
                yield chunk
        finally:
            if pending is not None:
                pending.cancel()
                await asyncio.gather(pending, return_exceptions=True)
            await source.aclose()

    async def _encoded(self) -> AsyncGenerator[bytes, None]:
        try:
            async for event in self._source:
                yield event.encode()
        except (ApiError, GovernanceError, GenerationFailed) as error:
            yield ServerEvent("error", error_body(self._request.url.path, error)).encode()
        finally:
            await self._source.aclose()


async def _next(source: AsyncGenerator[bytes, None]) -> bytes:
    """The next chunk, empty at the end."""
    return await anext(source, b"")


async def _closed(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
