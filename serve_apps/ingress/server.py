"""The ingress's own listener.

Serve's proxy would hold every body in a further process and hand large ones on through Ray's object store, in the
clear; so each ingress replica listens itself. Several share one port (SO_REUSEPORT): the kernel spreads connections.
"""

import asyncio
import contextlib
import socket

import uvicorn
from fastapi import FastAPI

from serve_apps.config import ServeSettings

STARTUP_S = 10.0
BACKLOG = 1024
KEEP_ALIVE_S = 75
"""How long an idle connection stays open: longer than load balancers (60 s) and clients keep one to use it again, or a
request would now and then meet a connection that is just being closed."""


class CannotListen(Exception):
    """The address is taken or not ours; free it or set another `host` and `port`."""


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class HttpServer:
    """uvicorn on the running event loop."""

    def __init__(self, app: FastAPI, settings: ServeSettings) -> None:
        self._settings = settings
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=int(settings.drain_s),
            ssl_certfile=settings.tls_cert,
            ssl_keyfile=settings.tls_key,
        )
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None
        self.port = settings.port

    async def start(self) -> None:
        """Listens when it returns. Raises `CannotListen`."""
        listener = self._listener()
        self.port = listener.getsockname()[1]
        self._task = asyncio.create_task(self._server.serve(sockets=[listener]), name="http server")
        await asyncio.wait_for(self._server.listening.wait(), STARTUP_S)

    @property
    def alive(self) -> bool:
        return self._task is not None and not self._task.done()

    async def stop(self) -> None:
        """Takes no new connections, lets requests end, closes."""
        self._server.should_exit = True
        if self._task is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _listener(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET6 if ":" in self._settings.host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            listener.bind((self._settings.host, self._settings.port))
        except OSError as error:
            listener.close()
            where = f"{self._settings.host}:{self._settings.port}"
            raise CannotListen(f"{where} cannot be listened on ({error.strerror}); free it or set another") from None
        return listener
