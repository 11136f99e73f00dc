"""What a scan reads: named sources of chunks, each with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from governance.residue.report import Place

CHUNK = 32 << 20

Chunks = Iterator[tuple[int, bytes | bytearray]]
"""Pieces of one source in order, each with its offset; a gap between two pieces ends what can span them."""


class SourceUnreadable(Exception):
    """The source, or the rest of it, could not be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file, object or area of memory. `read` may raise `SourceUnreadable` at any point."""

    place: Place
    name: str
    read: Callable[[], Chunks] = field(repr=False)


def from_bytes(place: Place, name: str, data: bytes) -> Source:
    """A source already in memory."""
    return Source(place, name, lambda: iter([(0, data)]))


def object_versions(versions: Iterable[tuple[str, bytes]]) -> Iterator[Source]:
    """Every version of every object in a store, as (name, content) pairs that the caller lists and fetches."""
    for name, content in versions:
        yield from_bytes(Place.OBJECT_VERSIONS, name, content)
