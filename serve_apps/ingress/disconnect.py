"""Ends work when the client has gone away, so that nobody's picture is denoised for nobody."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from fastapi import Request

from serve_apps.ingress.errors import ClientGone

T = TypeVar("T")


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """The result of `work`; cancels it and raises `ClientGone` when the connection closes first."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_closed(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone()
        return task.result()
    finally:
        task.cancel()
        gone.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _closed(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
