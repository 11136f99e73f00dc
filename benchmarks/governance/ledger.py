"""Durable registrations by many callers, and walks of a large graph."""

import asyncio
import random
from uuid import UUID

import psycopg
import uuid_utils

from benchmarks.governance.scene import p99, rate, scene, timed_ms
from cluster.embedded.throwaway import Servers
from governance.ledger import closure
from governance.model import Kind, NewArtifact, Purpose

_CALLERS = 2000
_FAMILY = 1000


async def register_ops_per_s(servers: Servers, count: int = 40_000) -> float:
    """Each is checked, keyed, logged in the Merkle log and flushed to disk before its caller goes on."""
    async with scene(servers) as on:
        people = [await on.sign_up() for _ in range(50)]
        new = [NewArtifact(Kind.PHOTO, (person,), Purpose.TRAINING) for person in people]
        holder = on.holder.id

        async def register(number: int) -> None:
            await on.service.register(new[number % len(new)], holder)

        await rate(register, count // 10, _CALLERS)
        return await rate(register, count, _CALLERS)


async def closure_ms_p99(servers: Servers, artifacts: int, samples: int = 100) -> float:
    """Closures of 1,000 artifacts in a graph of `artifacts` nodes."""
    async with scene(servers) as on:
        roots = await asyncio.to_thread(_fill, on.settings.ledger.dsn, artifacts)
        database = on.service.parts.database
        times = []
        for root in random.Random(1).choices(roots, k=samples):
            async with database.transaction() as conn:
                found: list[UUID] = []

                async def walk(root: UUID = root, found: list[UUID] = found) -> None:
                    found.extend(await closure.descendants(conn, [root]))

                times.append(await timed_ms(walk))
                assert len(found) == _FAMILY
        return p99(times)


def _fill(dsn: str, artifacts: int) -> list[UUID]:
    """Families of 1,000: a root with 9 children of 110 each, so three levels deep; written past the gate."""
    roots: list[UUID] = []
    with psycopg.connect(dsn) as conn:
        with conn.cursor() as cursor, cursor.copy("COPY parents (parent, child) FROM STDIN") as copy:
            for _ in range(max(1, artifacts // _FAMILY)):
                family = [UUID(int=uuid_utils.uuid7().int) for _ in range(_FAMILY)]
                roots.append(family[0])
                for place in range(1, _FAMILY):
                    parent = 0 if place < 10 else 1 + place % 9
                    copy.write_row((family[parent], family[place]))
        conn.execute("ANALYZE parents")
    return roots
