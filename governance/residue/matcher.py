"""Find thousands of byte slices in one pass over a buffer, at memory speed (Hyperscan's literal engine)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import hyperscan

from governance.residue.patterns import Pattern

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Hit:
    """Pattern number `pattern` ends before byte `end` of the buffer."""

    pattern: int
    end: int


class Matcher:
    """A compiled set of patterns. `first_only`: report each pattern at most once per buffer."""

    def __init__(self, patterns: Sequence[Pattern], first_only: bool = True) -> None:
        self.patterns = tuple(patterns)
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        if self.patterns:
            self._compile(hyperscan.HS_FLAG_SINGLEMATCH if first_only else 0)

    def _compile(self, base_flags: int) -> None:
        flags = [base_flags | (hyperscan.HS_FLAG_CASELESS if p.caseless else 0) for p in self.patterns]
        self._database.compile(
            expressions=[_escape(p.data) for p in self.patterns],
            ids=list(range(len(self.patterns))),
            elements=len(self.patterns),
            flags=flags,
        )

    @property
    def longest(self) -> int:
        """The length of the longest pattern in bytes."""
        return max((len(p.data) for p in self.patterns), default=0)

    def find(self, buffer: Buffer) -> list[Hit]:
        """All hits in the buffer, in the order of their ends."""
        hits: list[Hit] = []
        if self.patterns and len(buffer):

            def on_match(pattern: int, _start: int, end: int, _flags: int, _context: object) -> None:
                hits.append(Hit(pattern, end))

            # The stub names str and bytes only; any buffer is taken, and none is copied.
            self._database.scan(cast(bytes, buffer), match_event_handler=on_match)
        return hits


def found_in(patterns: Sequence[Pattern], streams: Iterable[bytes]) -> frozenset[bytes]:
    """The patterns' data that occur in any of the streams."""
    matcher = Matcher(patterns)
    return frozenset(matcher.patterns[hit.pattern].data for stream in streams for hit in matcher.find(stream))


def _escape(data: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in data)
