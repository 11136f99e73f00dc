"""The plaintext buffers that one process holds, each with what to do before it is zeroed. Safe from any thread."""

import logging
from collections.abc import Callable, Collection
from threading import RLock
from time import monotonic

from governance.model import ArtifactId
from governance.vault.cipher import zero

_LOG = logging.getLogger(__name__)


class Copy:
    """One buffer. `on_drop` None: it is used within a block, which ends by itself."""

    __slots__ = ("buffer", "dropped", "id", "on_drop", "since")

    def __init__(self, id: ArtifactId, buffer: bytearray, on_drop: Callable[[], None] | None) -> None:
        self.id, self.buffer, self.on_drop, self.since = id, buffer, on_drop, monotonic()
        self.dropped = False

    def tell(self) -> None:
        """A callback that fails must not keep the others alive."""
        if self.on_drop is None:
            return
        try:
            self.on_drop()
        except Exception:  # noqa: BLE001 - the callback is another house's; whatever it raises is logged
            _LOG.exception("a drop callback failed; the buffer is zeroed all the same")


class Copies:
    """All copies by artifact."""

    def __init__(self) -> None:
        self._copies: dict[ArtifactId, list[Copy]] = {}
        self._lock = RLock()

    def __contains__(self, id: ArtifactId) -> bool:
        with self._lock:
            return id in self._copies

    def ids(self, before: float) -> list[ArtifactId]:
        """What was here at that time (monotonic seconds)."""
        with self._lock:
            return [id for id, copies in self._copies.items() if any(copy.since <= before for copy in copies)]

    def add(self, id: ArtifactId, buffer: bytearray, on_drop: Callable[[], None] | None) -> Copy:
        copy = Copy(id, buffer, on_drop)
        with self._lock:
            self._copies.setdefault(id, []).append(copy)
        return copy

    def drop(self, ids: Collection[ArtifactId], asked: float) -> None:
        """Drop on command; a copy newer than the command may stay: the next command names it again if it must go."""
        with self._lock:
            for id in ids:
                for copy in [one for one in self._copies.get(id, []) if one.since <= asked]:
                    copy.tell()
                    self.drop_one(copy)

    def release(self, id: ArtifactId, buffer: bytearray | None = None) -> None:
        """Zero what is held with a callback, without calling it; with `buffer` that one alone."""
        with self._lock:
            for copy in [one for one in self._copies.get(id, []) if one.on_drop is not None]:
                if buffer is None or copy.buffer is buffer:
                    self.drop_one(copy)

    def drop_one(self, copy: Copy) -> None:
        """Zero one copy; again is harmless."""
        with self._lock:
            copy.dropped = True
            zero(copy.buffer)
            rest = [one for one in self._copies.get(copy.id, []) if one is not copy]
            if rest:
                self._copies[copy.id] = rest
            else:
                self._copies.pop(copy.id, None)

    def drop_all(self) -> None:
        with self._lock:
            for id in list(self._copies):
                for copy in list(self._copies.get(id, [])):
                    copy.tell()
                    self.drop_one(copy)
