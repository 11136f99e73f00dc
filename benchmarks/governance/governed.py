"""GDPRbench's operations through governance."""

import asyncio

from benchmarks.governance.scene import Scene, rate
from governance.errors import Frozen, Gone, NotFound
from governance.ledger.leaves import LedgerLeafStore
from governance.model import ArtifactId, Kind, NewArtifact, Purpose, Receipt, SubjectId

_PEOPLE = 100
_GONE = 100
_SETTLE_S = 120.0
_RECEIPT = Receipt(100, b"h" * 32, "v1")


class Governed:
    """Records of a hundred people; half of those who are restricted are lifted again."""

    def __init__(self, on: Scene) -> None:
        self._service, self._holder = on.service, on.holder.id
        self._on = on
        self._people: list[SubjectId] = []
        self._made: list[tuple[ArtifactId, SubjectId]] = []
        self._doomed: list[ArtifactId] = []
        self._erased: list[ArtifactId] = []
        self._frozen: list[SubjectId] = []

    async def prepare(self, records: int, callers: int) -> None:
        """Half of the records stay, half are there to be deleted and some of these are; some people's processing is
        restricted in turn."""
        self._people = [await self._on.sign_up() for _ in range(_PEOPLE)]
        self._frozen = [await self._on.sign_up() for _ in range(_PEOPLE)]
        await rate(self._keep, records, callers)
        await rate(self._doom, records, callers)
        await rate(self.delete, _GONE, callers)

    async def settle(self) -> None:
        """Until every erasure is done."""
        async with asyncio.timeout(_SETTLE_S):
            while await self._open():  # noqa: ASYNC110
                await asyncio.sleep(0.1)

    async def _open(self) -> bool:
        async with self._service.parts.database.transaction() as conn:
            cursor = await conn.execute("SELECT EXISTS (SELECT FROM requests WHERE state <> 'completed')")
            row = await cursor.fetchone()
        return bool(row and row[0])

    async def _keep(self, number: int) -> None:
        owner = self._people[number % _PEOPLE]
        self._made.append((await self._create(owner), owner))

    async def _doom(self, number: int) -> None:
        self._doomed.append(await self._create(self._people[number % _PEOPLE]))

    async def _create(self, owner: SubjectId) -> ArtifactId:
        ticket = await self._service.register(NewArtifact(Kind.PHOTO, (owner,), Purpose.TRAINING), self._holder)
        return (await self._service.commit(ticket.artifact.id, _RECEIPT)).id

    async def create(self, number: int) -> None:
        await self._create(self._people[number % _PEOPLE])

    async def read_data(self, number: int) -> None:
        id, _ = self._made[number % len(self._made)]
        await self._service.grant(id, Purpose.TRAINING, self._holder)

    async def read_metadata(self, number: int) -> None:
        id, owner = self._made[number % len(self._made)]
        await self._service.artifact(id, owner)

    async def list(self, number: int) -> None:
        await self._service.artifacts(self._people[number % _PEOPLE], Kind.PHOTO, limit=20)

    async def update_metadata(self, number: int) -> None:
        person = self._frozen[number % _PEOPLE]
        await (self._service.restrict(person) if number // _PEOPLE % 2 else self._service.lift(person))

    async def delete(self, number: int) -> None:
        id = self._doomed.pop()
        await self._service.erase(id)
        self._erased.append(id)

    async def verify_deletion(self, number: int) -> None:
        id = self._erased[number % len(self._erased)]
        try:
            await self._service.artifact(id)
        except (Gone, NotFound, Frozen):
            return
        raise AssertionError(f"{id} is still there")

    async def read_log(self, number: int) -> None:
        async with self._service.parts.database.transaction() as conn:
            await LedgerLeafStore(conn).leaves(number % 1000, number % 1000 + 1)
