"""One device and one thread for all torch work of a worker, so that steps, encoding and zeroing never overlap."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import RLock
from typing import ParamSpec, TypeVar

import torch

P = ParamSpec("P")
T = TypeVar("T")


class Device:
    """Runs torch calls one after the other beside the event loop, which goes on renewing leases meanwhile."""

    def __init__(self, threads: int = 0) -> None:
        self._lock = RLock()
        self._pool = ThreadPoolExecutor(1, "torch", initializer=self._prepare, initargs=(threads,))

    @staticmethod
    def _prepare(threads: int) -> None:
        if threads:
            torch.set_num_threads(threads)

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The call's result, when its turn has come."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: self.now(call, *args, **kwargs))

    def now(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same in the calling thread, as soon as the call in progress is over: for drops that cannot wait."""
        with self._lock:
            return call(*args, **kwargs)

    def close(self) -> None:
        self._pool.shutdown(wait=True)
