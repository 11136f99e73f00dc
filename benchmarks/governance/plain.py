"""GDPRbench's operations on a plain table."""

from typing import Any
from uuid import UUID, uuid4

import uuid_utils

from benchmarks.governance.scene import rate
from governance.ledger.database import Database

_PEOPLE = 100
_GONE = 100
_TABLES = """
    CREATE TABLE plain (id uuid PRIMARY KEY, subject uuid, kind text, purpose text, deadline timestamptz, data bytea);
    CREATE INDEX ON plain (subject, id);
    CREATE TABLE plain_people (id uuid PRIMARY KEY, state text);
    CREATE TABLE plain_log (id bigserial PRIMARY KEY, entry text)
"""


class Plain:
    """One statement, one durable transaction, one way to PostgreSQL and back, nothing else."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._people = [uuid4() for _ in range(_PEOPLE)]
        self._made: list[UUID] = []
        self._doomed: list[UUID] = []
        self._erased: list[UUID] = []

    async def prepare(self, records: int, callers: int) -> None:
        await self._do(_TABLES)
        for person in self._people:
            await self._do("INSERT INTO plain_people VALUES (%s, 'active')", [person])
        await self._do("INSERT INTO plain_log (entry) SELECT 'read' FROM generate_series(1, 1000)")
        await rate(self._keep, records, callers)
        await rate(self._doom, records, callers)
        await rate(self.delete, _GONE, callers)

    async def _do(self, statement: str, values: list[Any] | None = None) -> None:
        async with self._database.transaction(pipelined=values is not None) as conn:
            cursor = await conn.execute(statement, values)
            if statement.startswith("SELECT"):
                await cursor.fetchall()

    async def _keep(self, number: int) -> None:
        self._made.append(await self._create(number))

    async def _doom(self, number: int) -> None:
        self._doomed.append(await self._create(number))

    async def _create(self, number: int) -> UUID:
        id = UUID(int=uuid_utils.uuid7().int)
        row = [id, self._people[number % _PEOPLE], "photo", "training", b"x" * 32]
        await self._do("INSERT INTO plain VALUES (%s, %s, %s, %s, now() + interval '30 days', %s)", row)
        return id

    async def create(self, number: int) -> None:
        await self._create(number)

    async def read_data(self, number: int) -> None:
        await self._do("SELECT data FROM plain WHERE id = %s", [self._made[number % len(self._made)]])

    async def read_metadata(self, number: int) -> None:
        columns = "subject, kind, purpose, deadline"
        await self._do(f"SELECT {columns} FROM plain WHERE id = %s", [self._made[number % len(self._made)]])  # noqa: S608

    async def list(self, number: int) -> None:
        query = "SELECT * FROM plain WHERE subject = %s ORDER BY id DESC LIMIT 20"
        await self._do(query, [self._people[number % _PEOPLE]])

    async def update_metadata(self, number: int) -> None:
        state = "frozen" if number // _PEOPLE % 2 else "active"
        await self._do("UPDATE plain_people SET state = %s WHERE id = %s", [state, self._people[number % _PEOPLE]])

    async def delete(self, number: int) -> None:
        id = self._doomed.pop()
        await self._do("DELETE FROM plain WHERE id = %s", [id])
        self._erased.append(id)

    async def verify_deletion(self, number: int) -> None:
        id = self._erased[number % len(self._erased)]
        await self._do("SELECT id FROM plain WHERE id = %s", [id])

    async def read_log(self, number: int) -> None:
        await self._do("SELECT entry FROM plain_log WHERE id = %s", [number % 1000 + 1])
