"""The four roles of GDPRbench (Shastri et al., VLDB 2020) here and on a plain PostgreSQL table.

Controller: create records and delete them; customer: read, list and delete one's own; processor: read data for a
purpose; regulator: ask what was done. On the plain side each operation is one statement in one durable transaction,
without checks, keys, leases or log. The ratio says how many times slower governance is.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import uuid_utils

from benchmarks.governance.scene import Scene, rate, scene
from cluster.embedded.throwaway import Servers
from governance.ledger.leaves import LedgerLeafStore
from governance.model import ArtifactId, Kind, NewArtifact, Purpose, Receipt, SubjectId

_CALLERS = 64
_RECORDS = 2000
_RECEIPT = Receipt(100, b"h" * 32, "v1")
_Operation = Callable[[int], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Side:
    """Each role's operation on one side."""

    controller: _Operation
    customer: _Operation
    processor: _Operation
    regulator: _Operation


async def gdprbench(servers: Servers, count: int = 4000) -> dict[str, dict[str, float]]:
    async with scene(servers) as on:
        owner = await on.sign_up()
        governed = await _governed(on, owner)
        plain = await _plain(on, owner)
        report = {}
        for role in ("processor", "regulator", "customer", "controller"):
            here = await rate(getattr(governed, role), count, _CALLERS)
            there = await rate(getattr(plain, role), count, _CALLERS)
            report[role] = {"ops_per_s": round(here), "plain_ops_per_s": round(there), "ratio": round(there / here, 2)}
        return report


async def _governed(on: Scene, owner: SubjectId) -> Side:
    new = NewArtifact(Kind.PHOTO, (owner,), Purpose.TRAINING)
    service, holder = on.service, on.holder.id

    async def create(_: int) -> ArtifactId:
        ticket = await service.register(new, holder)
        return (await service.commit(ticket.artifact.id, _RECEIPT)).id

    made: list[ArtifactId] = []

    async def remember(number: int) -> None:
        made.append(await create(number))

    await rate(remember, _RECORDS, _CALLERS)

    async def customer(number: int) -> None:
        if number % 10:
            await service.artifact(made[number % _RECORDS], owner)
        else:
            await service.artifacts(owner, limit=20)

    async def processor(number: int) -> None:
        await service.grant(made[number % _RECORDS], Purpose.TRAINING, holder)

    async def regulator(number: int) -> None:
        async with service.parts.database.transaction() as conn:
            await LedgerLeafStore(conn).leaves(number % _RECORDS, number % _RECORDS + 1)

    return Side(create, customer, processor, regulator)


async def _plain(on: Scene, owner: SubjectId) -> Side:
    database = on.service.parts.database
    async with database.transaction() as conn:
        await conn.execute(
            """
            CREATE TABLE plain (id uuid PRIMARY KEY, subject uuid, kind text, purpose text, deadline timestamptz,
                                data bytea);
            CREATE INDEX ON plain (subject, id);
            CREATE TABLE plain_log (id bigserial PRIMARY KEY, entry text)
            """
        )
        await conn.execute("INSERT INTO plain_log (entry) SELECT 'read' FROM generate_series(1, %s)", [_RECORDS])
    made: list[UUID] = []

    async def create(_: int) -> None:
        id = UUID(int=uuid_utils.uuid7().int)
        row = [id, owner.uuid, "photo", "training", b"x" * 32]
        async with database.transaction() as conn:
            await conn.execute("INSERT INTO plain VALUES (%s, %s, %s, %s, now() + interval '30 days', %s)", row)
        made.append(id)

    await rate(create, _RECORDS, _CALLERS)

    async def customer(number: int) -> None:
        async with database.transaction() as conn:
            if number % 10:
                cursor = await conn.execute("SELECT * FROM plain WHERE id = %s", [made[number % _RECORDS]])
            else:
                query = "SELECT * FROM plain WHERE subject = %s ORDER BY id DESC LIMIT 20"
                cursor = await conn.execute(query, [owner.uuid])
            await cursor.fetchall()

    async def processor(number: int) -> None:
        async with database.transaction() as conn:
            await (await conn.execute("SELECT data FROM plain WHERE id = %s", [made[number % _RECORDS]])).fetchone()

    async def regulator(number: int) -> None:
        async with database.transaction() as conn:
            query = "SELECT entry FROM plain_log WHERE id = %s"
            await (await conn.execute(query, [number % _RECORDS + 1])).fetchone()

    return Side(create, customer, processor, regulator)
