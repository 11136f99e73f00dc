"""Bringing adapters into host memory ahead of need, off the engine's thread.

Fetching (opening sealed bytes) and parsing run on a few threads of their own; what arrives waits in a mailbox until
the engine collects it between two steps. What was discarded meanwhile is wiped on arrival and never handed over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from serve_apps.engine.hostcache import HostAdapter
from serve_apps.engine.model import AdapterId

Fetch = Callable[[AdapterId], bytes | bytearray]
"""Returns an adapter file's bytes; may block. A bytearray is zeroed once it is parsed."""

Parse = Callable[[bytes | bytearray], HostAdapter]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One adapter that was asked for: parsed, or the reason why there is none."""

    id: AdapterId
    adapter: HostAdapter | None
    error: BaseException | None


class Fetcher:
    """Asks for adapters by id; `ready` is called, on any thread, whenever something can be collected."""

    def __init__(self, fetch: Fetch, parse: Parse, threads: int, ready: Callable[[], None]) -> None:
        self._fetch, self._parse, self._ready = fetch, parse, ready
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="adapter-fetch")
        self._lock = threading.Lock()
        self._flying: dict[AdapterId, Future[HostAdapter]] = {}
        self._mailbox: list[Arrival] = []

    def __contains__(self, id: AdapterId) -> bool:
        with self._lock:
            return id in self._flying or any(arrival.id == id for arrival in self._mailbox)

    def request(self, id: AdapterId) -> None:
        """Start bringing `id` here, unless it is on its way already."""
        with self._lock:
            if id in self._flying or any(arrival.id == id for arrival in self._mailbox):
                return
            future = self._flying[id] = self._pool.submit(self._bring, id)
        future.add_done_callback(lambda done: self._arrived(id, done))

    def collect(self) -> list[Arrival]:
        """What has arrived since the last call."""
        with self._lock:
            arrivals, self._mailbox = self._mailbox, []
        return arrivals

    def discard(self, id: AdapterId) -> None:
        """Forget `id`: a copy on its way, or in the mailbox, is wiped and not handed over."""
        with self._lock:
            flying = self._flying.pop(id, None)
            thrown = [arrival for arrival in self._mailbox if arrival.id == id]
            self._mailbox = [arrival for arrival in self._mailbox if arrival.id != id]
        if flying is not None:
            flying.cancel()
        for arrival in thrown:
            _wipe(arrival.adapter)

    def close(self) -> list[AdapterId]:
        """Stop fetching and wipe what nobody collected; waits for the fetch calls that are running.

        Returns the ids that were on their way or uncollected.
        """
        with self._lock:
            flying, self._flying = list(self._flying), {}
        self._pool.shutdown(wait=True, cancel_futures=True)
        for id in flying:
            self.discard(id)
        uncollected = self.collect()
        for arrival in uncollected:
            _wipe(arrival.adapter)
        return [*flying, *(arrival.id for arrival in uncollected)]

    def _bring(self, id: AdapterId) -> HostAdapter:
        data = self._fetch(id)
        try:
            return self._parse(data)
        finally:
            if isinstance(data, bytearray):
                data[:] = bytes(len(data))

    def _arrived(self, id: AdapterId, done: Future[HostAdapter]) -> None:
        error = None if done.cancelled() else done.exception()
        adapter = None if done.cancelled() or error is not None else done.result()
        with self._lock:
            expected = self._flying.get(id) is done
            if expected:
                del self._flying[id]
                self._mailbox.append(Arrival(id, adapter, error))
        if expected:
            self._ready()
        else:
            _wipe(adapter)


def _wipe(adapter: HostAdapter | None) -> None:
    if adapter is not None:
        adapter.wipe()
