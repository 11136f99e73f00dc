"""What everybody is told two weeks before it takes effect (P5.5, P11.1).

    announced ──► told          the last notice has left
                    └─ 14 days ─► in force
"""

from collections.abc import Sequence
from hashlib import sha256

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.errors import Conflict, NotFound
from governance.ledger import announcements, notices
from governance.ledger.database import Connection, Database
from governance.ledger.leaves import record
from governance.people.model import Announcement, AnnouncementKind, NewAnnouncement
from governance.policy import Policy


class Announcements:
    """See `api.PeopleApi` for what each call promises."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def announce(self, new: NewAnnouncement) -> Announcement:
        now = self._clock()
        async with self._database.transaction() as conn:
            if await announcements.insert(conn, new, now):
                await notices.queue_for_everybody(conn, announcements.TEMPLATES[new.kind], new.version, now)
                await self._record(conn, LeafEvent.POLICY_ANNOUNCED, new.kind)
            known = await self._get(conn, new.version)
        if (known.kind, known.digest) != (new.kind, new.digest):
            raise Conflict(f"{new.version} was announced with another text: give this one a version of its own")
        return known

    async def listed(self) -> Sequence[Announcement]:
        async with self._database.transaction() as conn:
            return await announcements.everything(conn)

    async def take_effect(self, version: str) -> Announcement:
        async with self._database.transaction() as conn:
            return await self._take_effect(conn, await self._get(conn, version))

    async def adopt(self, policy: Policy) -> None:
        """At the start: the policy that this release brings must be in force, or may come into force now. The very
        first one is: there is nobody yet to be told. `Conflict` says what is missing."""
        new = NewAnnouncement(policy.version, AnnouncementKind.POLICY, sha256(policy.text.encode()).digest())
        async with self._database.transaction() as conn:
            if await announcements.insert_first(conn, new, self._clock()):
                await self._record(conn, LeafEvent.POLICY_PUBLISHED, new.kind)
                return
            known = await announcements.get(conn, new.version)
            if known is None:
                raise Conflict(f"policy {new.version} was never announced: announce it with the release before this")
            if known.in_force_at is None and known.digest != new.digest:
                raise Conflict(f"policy {new.version} was announced with another text")
            await self._take_effect(conn, known)

    async def _take_effect(self, conn: Connection, known: Announcement) -> Announcement:
        if known.in_force_at is not None:
            return known
        now = self._clock()
        if known.earliest is None:
            raise Conflict(f"{known.version} waits for {known.waiting} notices to leave")
        if now < known.earliest:
            raise Conflict(f"{known.version} may take effect at {known.earliest:%Y-%m-%d %H:%M} UTC at the earliest")
        await announcements.take_effect(conn, known.version, now)
        await self._record(conn, LeafEvent.POLICY_PUBLISHED, known.kind)
        return await self._get(conn, known.version)

    async def _get(self, conn: Connection, version: str) -> Announcement:
        known = await announcements.get(conn, version)
        if known is None:
            raise NotFound()
        return known

    async def _record(self, conn: Connection, event: LeafEvent, kind: AnnouncementKind) -> None:
        await record(conn, [Leaf(event=event, at=self._clock(), words={"kind": kind})])
