"""What a scan covered and found; never what it looks like."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from governance.audit.certificate import ResidueResult


class Place(StrEnum):
    """Where a scan looks."""

    DATA = "data"
    DATABASE = "database"
    OBJECTS = "objects"
    OBJECT_VERSIONS = "object-versions"
    RAY_SESSION = "ray-session"
    SHARED_MEMORY = "shared-memory"
    LOGS = "logs"
    TEMPORARY = "temporary"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Finding:
    """A trace of canary `canary` in the form `encoding`, at byte `offset` of `source` (a path, or process and area)."""

    place: Place
    source: str
    offset: int
    canary: str
    encoding: str

    def __str__(self) -> str:
        return f"{self.canary} as {self.encoding} in {self.place}: {self.source} at byte {self.offset}"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something the scan was asked to read and could not."""

    place: Place
    source: str
    why: str


@dataclass(slots=True)
class ScanReport:
    """Bytes read by place, what could not be read, and every finding."""

    canaries: int
    patterns: int
    scanned: Counter[Place] = field(default_factory=Counter)
    sources: Counter[Place] = field(default_factory=Counter)
    unreadable: list[Unreadable] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether everything could be read and nothing was found."""
        return not self.findings and not self.unreadable

    def by_place(self, entries: str) -> dict[str, int]:
        """How many of `findings` or `unreadable` there are in each place."""
        return dict(Counter(str(entry.place) for entry in getattr(self, entries)))

    def result(self) -> ResidueResult:
        """The report as an erasure certificate states it: counts by place, no names of files or processes."""
        return ResidueResult(
            scanned={str(place): size for place, size in self.scanned.items()},
            unreadable=self.by_place("unreadable"),
            canaries=self.canaries,
            findings=len(self.findings),
        )

    def to_json(self) -> Mapping[str, Any]:
        """The report as JSON."""
        return {
            "canaries": self.canaries,
            "patterns": self.patterns,
            "scanned_bytes": {str(place): size for place, size in sorted(self.scanned.items())},
            "sources": {str(place): count for place, count in sorted(self.sources.items())},
            "unreadable": [{"place": u.place, "source": u.source, "why": u.why} for u in self.unreadable],
            "findings": [
                {"place": f.place, "source": f.source, "offset": f.offset, "canary": f.canary, "encoding": f.encoding}
                for f in self.findings
            ],
            "seconds": round(self.seconds, 3),
        }
