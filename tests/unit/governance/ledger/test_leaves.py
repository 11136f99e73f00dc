"""The audit log in PostgreSQL behaves like the one in memory."""

import asyncio
from datetime import UTC, datetime

import pytest

from governance.audit.leaf import Leaf, LeafEvent
from governance.audit.log import Prover, append_many
from governance.audit.merkle import verify_inclusion
from governance.audit.store import MemoryLeafStore
from governance.ids import SubjectId
from governance.ledger.leaves import LedgerLeafStore, record
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


async def test_concurrent_appenders_make_one_sequence(service: GovernanceService) -> None:
    async def append() -> range:
        async with service.parts.database.transaction() as conn:
            leaves = [Leaf(event=LeafEvent.SUBJECT_CREATED, at=AT, subject=SubjectId.new()) for _ in range(7)]
            return await record(conn, leaves)

    ranges = await asyncio.gather(*(append() for _ in range(6)))
    places = [place for one in ranges for place in one]
    assert len(set(places)) == 42


async def test_who_has_nothing_to_append_waits_for_nobody(service: GovernanceService) -> None:
    leaf = Leaf(event=LeafEvent.SUBJECT_CREATED, at=AT, subject=SubjectId.new())
    async with service.parts.database.transaction() as appending:
        await record(appending, [leaf])
        async with asyncio.timeout(30), service.parts.database.transaction() as conn:
            assert len(await record(conn, [])) == 0
