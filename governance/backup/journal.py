"""Erasures written down outside the database, so that a restored one can be told what happened since.

One small object per request in a bucket of its own, holding opaque ids only; written before an erasure's first step
ends, so that no erasure is ever completed without it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from governance.blobs.store import BlobStore
from governance.ids import ArtifactId, RequestId, SubjectId
from governance.model import By, RequestKind

PREFIX = "erasures/"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What one fence took."""

    request: RequestId
    kind: RequestKind
    by: By
    owner: SubjectId
    subject: SubjectId | None
    artifact: ArtifactId | None
    artifacts: tuple[ArtifactId, ...]
    at: datetime

    def encode(self) -> bytes:
        return json.dumps(
            {
                "request": self.request,
                "kind": self.kind,
                "by": self.by,
                "owner": self.owner,
                "subject": self.subject,
                "artifact": self.artifact,
                "artifacts": self.artifacts,
                "at": self.at.isoformat(),
            }
        ).encode()


def decode(data: bytes) -> JournalEntry:
    raw = json.loads(data)
    return JournalEntry(
        request=RequestId(raw["request"]),
        kind=RequestKind(raw["kind"]),
        by=By(raw["by"]),
        owner=SubjectId(raw["owner"]),
        subject=SubjectId(raw["subject"]) if raw["subject"] else None,
        artifact=ArtifactId(raw["artifact"]) if raw["artifact"] else None,
        artifacts=tuple(ArtifactId(one) for one in raw["artifacts"]),
        at=datetime.fromisoformat(raw["at"]),
    )


class Journal:
    """Appends and reads entries."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    async def append(self, entry: JournalEntry) -> None:
        """Repeating it is harmless."""
        await self._store.put(PREFIX + entry.request, entry.encode())

    async def entries(self) -> Sequence[JournalEntry]:
        """All of them, oldest first: request ids sort by time."""
        keys = sorted(await self._store.keys(PREFIX))
        return [decode(await self._store.latest(key)) for key in keys]
