"""Bringing adapters into host memory ahead of need, off the engine's thread.

Fetching (opening sealed bytes) and parsing run on a few threads of their own; what arrives waits in a mailbox until
the engine collects it between two steps. What was discarded meanwhile is never handed over: bytes that arrive later
are zeroed unparsed, and `discard` waits for a parse under way (never for a fetch, which may itself wait for whoever
discards), so that no copy is left when it returns.
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


@dataclass(slots=True, eq=False)
class _Flight:
    """One adapter on its way; `given`: its bytes, when nobody need be asked for them; `parsing` from the moment its
    bytes are here until they are handed over or wiped."""

    id: AdapterId
    given: bytearray | None = None
    discarded: bool = False
    parsing: bool = False
    work: Future[HostAdapter] | None = None


class _DiscardedError(Exception):
    """Nobody wants these bytes any more."""


class Fetcher:
    """Asks for adapters by id; `ready` is called, on any thread, whenever something can be collected."""

    def __init__(self, fetch: Fetch, parse: Parse, threads: int, ready: Callable[[], None]) -> None:
        self._fetch, self._parse, self._ready = fetch, parse, ready
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="adapter-fetch")
        self._lock = threading.Lock()
        self._landed = threading.Condition(self._lock)
        self._flying: dict[AdapterId, _Flight] = {}
        self._mailbox: list[Arrival] = []
        self._closed = False

    def __contains__(self, id: AdapterId) -> bool:
        with self._lock:
            return id in self._flying or any(arrival.id == id for arrival in self._mailbox)

    def request(self, id: AdapterId) -> None:
        """Start bringing `id` here, unless it is on its way already."""
        self._start(_Flight(id))

    def give(self, id: AdapterId, data: bytearray) -> bool:
        """The same with its bytes at hand, which are zeroed once they are parsed. False, and they stay the caller's,
        when it is on its way already or the fetcher is closed."""
        return self._start(_Flight(id, given=data))

    def _start(self, flight: _Flight) -> bool:
        with self._lock:
            known = flight.id in self._flying or any(arrival.id == flight.id for arrival in self._mailbox)
            if known or self._closed:
                return False
            self._flying[flight.id] = flight
            flight.work = work = self._pool.submit(self._bring, flight)
        work.add_done_callback(lambda done: self._arrived(flight, done))
        return True

    def collect(self) -> list[Arrival]:
        """What has arrived since the last call."""
        with self._lock:
            arrivals, self._mailbox = self._mailbox, []
        return arrivals

    def discard(self, id: AdapterId) -> None:
        """Forget `id`: a copy on its way, or in the mailbox, is wiped and not handed over."""
        with self._lock:
            flight = self._flying.pop(id, None)
            if flight is not None:
                flight.discarded = True
            thrown = [arrival for arrival in self._mailbox if arrival.id == id]
            self._mailbox = [arrival for arrival in self._mailbox if arrival.id != id]
        for arrival in thrown:
            _wipe(arrival.adapter)
        if flight is not None:
            assert flight.work is not None, "a flight is made together with its work"
            flight.work.cancel()
            with self._landed:
                self._landed.wait_for(lambda: not flight.parsing)

    def close(self) -> list[AdapterId]:
        """Stop fetching and wipe what nobody collected; waits for the fetch calls that are running.

        Returns the ids that were on their way or uncollected.
        """
        with self._lock:
            self._closed = True
            flying, self._flying = list(self._flying.values()), {}
            for flight in flying:
                flight.discarded = True
        self._pool.shutdown(wait=True, cancel_futures=True)
        uncollected = self.collect()
        for arrival in uncollected:
            _wipe(arrival.adapter)
        return [*(flight.id for flight in flying), *(arrival.id for arrival in uncollected)]

    def _bring(self, flight: _Flight) -> HostAdapter:
        data = self._fetch(flight.id) if flight.given is None else flight.given
        try:
            with self._lock:
                if flight.discarded:
                    raise _DiscardedError(flight.id)
                flight.parsing = True
            return self._parse(data)
        finally:
            if isinstance(data, bytearray):
                data[:] = bytes(len(data))

    def _arrived(self, flight: _Flight, done: Future[HostAdapter]) -> None:
        error = None if done.cancelled() else done.exception()
        adapter = None if done.cancelled() or error is not None else done.result()
        if flight.given is not None and done.cancelled():
            flight.given[:] = bytes(len(flight.given))
        with self._lock:
            expected = self._flying.get(flight.id) is flight
            if expected:
                del self._flying[flight.id]
                self._mailbox.append(Arrival(flight.id, adapter, error))
        if not expected:
            _wipe(adapter)
        with self._landed:
            flight.parsing = False
            self._landed.notify_all()
        if expected:
            self._ready()


def _wipe(adapter: HostAdapter | None) -> None:
    if adapter is not None:
        adapter.wipe()
