"""Search places for canaries.

sources → chunks → exact slices → findings
             └───→ carved streams → the same again, up to three deep
             └───→ carved pictures → likeness → findings
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from governance.residue.canary import Canary
from governance.residue.carve import REACH, Picture, Unpacked, carve
from governance.residue.likeness import SIDE
from governance.residue.matcher import Buffer, Matcher, found_in
from governance.residue.patterns import Pattern
from governance.residue.report import Finding, ScanReport, Unreadable
from governance.residue.source import Source, SourceUnreadable

_DEPTH = 3

Trace = tuple[int, str, str]
"""Offset, canary id, encoding."""


class Scanner:
    """Looks for a set of canaries; compile once, scan often.

    `strangers` are bytes that are known to be nobody's secret (common headers, another person's picture drawn the same
    way): slices that occur there are not searched for.
    """

    def __init__(self, canaries: Sequence[Canary], strangers: Iterable[bytes] = ()) -> None:
        patterns = [pattern for canary in canaries for pattern in canary.patterns]
        common = found_in(patterns, strangers)
        self._canaries = [canary.without(common) for canary in canaries] if common else list(canaries)
        owned = [(canary.id, pattern) for canary in self._canaries for pattern in canary.patterns]
        self._owners = [owner for owner, _ in owned]
        self._matcher = Matcher([pattern for _, pattern in owned])
        self._pictures = [(c.id, c.likeness) for c in self._canaries if c.likeness is not None]
        self._shown: dict[tuple[bool, bytes], list[str]] = {}

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """All slices that are searched for."""
        return self._matcher.patterns

    def scan(self, sources: Iterable[Source]) -> ScanReport:
        """Read every source and report what was read, what could not be, and what was found."""
        started = time.monotonic()
        report = ScanReport(canaries=len(self._canaries), patterns=len(self.patterns))
        for source in sources:
            self._scan_source(source, report)
        report.seconds = time.monotonic() - started
        return report

    def _scan_source(self, source: Source, report: ScanReport) -> None:
        found: dict[tuple[str, str], int] = {}
        report.sources[source.place] += 1
        try:
            for offset, chunk, carry in _with_carry(source):
                report.scanned[source.place] += len(chunk) - carry
                for at, canary, encoding in self.search(chunk):
                    found.setdefault((canary, encoding), offset + at)
        except SourceUnreadable as error:
            report.unreadable.append(Unreadable(source.place, source.name, str(error)))
        report.findings += [
            Finding(source.place, source.name, offset, canary, encoding) for (canary, encoding), offset in found.items()
        ]

    def search(self, buffer: Buffer, depth: int = _DEPTH) -> Iterator[Trace]:
        """All traces in one buffer, also inside the streams and pictures that it holds."""
        for hit in self._matcher.find(buffer):
            pattern = self._matcher.patterns[hit.pattern]
            yield hit.end - len(pattern.data), self._owners[hit.pattern], pattern.encoding
        for opened in carve(buffer, len(buffer)):
            match opened:
                case Picture():
                    yield from self._recognise(opened)
                case Unpacked() if depth > 0:
                    for _, canary, encoding in self.search(opened.data, depth - 1):
                        yield opened.offset, canary, f"{opened.how}/{encoding}"

    def _recognise(self, picture: Picture) -> Iterator[Trace]:
        # The same picture is often met again: in another process, or in the part of a chunk that is read twice.
        key = (picture.torn, picture.image.convert("L").resize((SIDE, SIDE)).tobytes())
        if key not in self._shown:
            self._shown[key] = [i for i, look in self._pictures if look.resembles(picture.image, picture.torn)]
        for canary in self._shown[key]:
            yield picture.offset, canary, picture.how


def _with_carry(source: Source) -> Iterator[tuple[int, Buffer, int]]:
    """Chunks that begin with the end of the one before, so that nothing is cut in two: (offset, bytes, carried)."""
    before: Buffer = b""
    expected = -1
    for offset, chunk in source.read():
        carried = memoryview(before)[-REACH:] if offset == expected else memoryview(b"")
        buffer = b"".join((carried, chunk)) if carried else chunk
        yield offset - len(carried), buffer, len(carried)
        before, expected = buffer, offset + len(chunk)
