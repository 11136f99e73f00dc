"""The audit log in PostgreSQL behaves like the one in memory."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import pytest

from governance.audit.leaf import Leaf, LeafEvent
from governance.audit.log import Prover, append_many
from governance.audit.merkle import verify_inclusion
from governance.audit.store import MemoryLeafStore
from governance.ids import SubjectId
from governance.ledger.leaves import LedgerLeafStore, record, record_encoded
from governance.service import GovernanceService

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("pipelined", [False, True])
async def test_the_same_leaves_give_the_same_root_and_proofs(service: GovernanceService, pipelined: bool) -> None:
    await service.parts.background.stop()
    memory = MemoryLeafStore()
    async with service.parts.database.transaction() as conn:
        store = LedgerLeafStore(conn)
        before = (await store.head()).size
        leaves_before = await store.at(range(before))
        await append_many(memory, [leaves_before[index] for index in range(before)])
    for count in (1, 255, 300):
        leaves = [Leaf(event=LeafEvent.SUBJECT_CREATED, at=AT, subject=SubjectId.new()) for _ in range(count)]
        await append_many(memory, leaves)
        async with service.parts.database.transaction(pipelined) as conn:
            await record(conn, leaves)
    async with service.parts.database.transaction() as conn:
        store = LedgerLeafStore(conn)
        assert await store.head() == await memory.head()
        size = (await store.head()).size
        prover = Prover(store, size)
        for index in (0, 255, 256, size - 1):
            (leaf,) = await store.leaves(index, index + 1)
            verify_inclusion(leaf.hash, index, size, await prover.inclusion(index), await prover.root())


@pytest.mark.parametrize("pipelined", [False, True])
async def test_every_stored_level_is_the_one_in_memory(service: GovernanceService, pipelined: bool) -> None:
    """Copied by us or appended within PostgreSQL."""
    await service.parts.background.stop()
    memory = MemoryLeafStore()
    async with service.parts.database.transaction() as conn:
        store = LedgerLeafStore(conn)
        here = [Written(leaf.data) for leaf in await store.leaves(0, (await store.head()).size)]
    await append_many(memory, cast(list[Leaf], here))
    for count in (66_000, 3, 700):
        written = [b"%d of %d" % (number, count) for number in range(count)]
        await append_many(memory, cast(list[Leaf], list(map(Written, written))))
        async with service.parts.database.transaction(pipelined) as conn:
            await record_encoded(conn, written)
    async with service.parts.database.transaction() as conn:
        store = LedgerLeafStore(conn)
        assert await store.head() == await memory.head()
        for level, count in ((0, 67_000), (1, 300), (2, 2)):
            assert await store.hashes(level, 0, count) == await memory.hashes(level, 0, count)


@dataclass(frozen=True, slots=True)
class Written:
    """What appending asks of a leaf."""

    data: bytes

    def encode(self) -> bytes:
        return self.data


async def test_concurrent_appenders_make_one_sequence(service: GovernanceService) -> None:
    await service.parts.background.stop()
    people = [[SubjectId.new() for _ in range(count)] for count in (7, 200, 1, 7, 130, 7)]

    async def append(some: list[SubjectId]) -> None:
        async with service.parts.database.transaction() as conn:
            await record(conn, [Leaf(event=LeafEvent.SUBJECT_CREATED, at=AT, subject=one) for one in some])

    async with service.parts.database.transaction() as conn:
        before = (await LedgerLeafStore(conn).head()).size
    await asyncio.gather(*map(append, people))
    async with service.parts.database.transaction() as conn:
        store = LedgerLeafStore(conn)
        size = (await store.head()).size
        assert size == before + sum(map(len, people))
        found = await store.at(range(before, size))
    order = [leaf.subject for _, leaf in sorted(found.items())]
    for some in people:
        start = order.index(some[0])
        assert order[start : start + len(some)] == some


async def test_who_has_nothing_to_append_waits_for_nobody(service: GovernanceService) -> None:
    leaf = Leaf(event=LeafEvent.SUBJECT_CREATED, at=AT, subject=SubjectId.new())
    async with service.parts.database.transaction() as appending:
        await record(appending, [leaf])
        async with asyncio.timeout(30), service.parts.database.transaction() as conn:
            await record(conn, [])
