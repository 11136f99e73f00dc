"""Erasures and decisions written down outside the database, so that a restored one can be told what happened since.

Small objects in a bucket of their own, holding opaque ids only: those that came together share one. An erasure is
written before its first step ends, so that none is ever completed without it; a decision a moment after it was made.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from governance.blobs.store import BlobStore
from governance.ids import ArtifactId, DecisionId, RequestId, SubjectId
from governance.ledger.decisions import Decision, What
from governance.model import By, RequestKind

PREFIX = "erasures/"
DECISIONS = "decisions/"
_REMEMBERED = 10_000


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

    def to_json(self) -> dict[str, object]:
        return {
            "request": self.request,
            "kind": self.kind,
            "by": self.by,
            "owner": self.owner,
            "subject": self.subject,
            "artifact": self.artifact,
            "artifacts": self.artifacts,
            "at": self.at.isoformat(),
        }


def encode(entries: Sequence[JournalEntry]) -> bytes:
    return json.dumps([one.to_json() for one in entries]).encode()


def decode(data: bytes) -> Sequence[JournalEntry]:
    """Also an object of one entry alone, as they were written once."""
    raw = json.loads(data)
    return [_entry(one) for one in (raw if isinstance(raw, list) else [raw])]


def _entry(raw: Mapping[str, Any]) -> JournalEntry:
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
        self._lately: dict[RequestId, None] = {}

    def has_lately(self, id: RequestId) -> bool:
        """True for what this process has appended not long ago; of anything else it does not know."""
        return id in self._lately

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        """At least one, in one object, whose name follows from its content: repeating it is harmless, and no other
        company that one of them is written down in takes its place."""
        data = encode(entries)
        await self._store.put(f"{PREFIX}{entries[0].request}-{sha256(data).hexdigest()[:16]}", data)
        self._lately.update({one.request: None for one in entries})
        for id in list(self._lately)[:-_REMEMBERED]:
            del self._lately[id]

    async def entries(self) -> Sequence[JournalEntry]:
        """All of them, oldest first: request ids sort by time."""
        keys = sorted(await self._store.keys(PREFIX))
        found = [entry for key in keys for entry in decode(await self._store.latest(key))]
        return sorted({one.request: one for one in found}.values(), key=lambda one: one.request)

    async def append_decisions(self, made: Sequence[Decision]) -> None:
        """At least one, in one object; repeating it is harmless."""
        raw = [
            {"id": one.id, "what": one.what, "about": one.about.hex, "at": one.at.isoformat(), "words": dict(one.words)}
            for one in made
        ]
        data = json.dumps(raw).encode()
        await self._store.put(f"{DECISIONS}{made[0].id}-{sha256(data).hexdigest()[:16]}", data)

    async def decisions(self) -> Sequence[Decision]:
        """All of them, oldest first."""
        keys = sorted(await self._store.keys(DECISIONS))
        found = [_decision(raw) for key in keys for raw in json.loads(await self._store.latest(key))]
        return sorted({one.id: one for one in found}.values(), key=lambda one: one.id)


def _decision(raw: Mapping[str, Any]) -> Decision:
    at = datetime.fromisoformat(raw["at"])
    return Decision(What(raw["what"]), UUID(hex=raw["about"]), at, raw["words"], DecisionId(raw["id"]))
