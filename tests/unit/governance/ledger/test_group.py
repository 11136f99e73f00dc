"""Group commit."""

import asyncio
from collections.abc import Sequence

import psycopg
import pytest

from governance.errors import Conflict, GovernanceError, Unavailable
from governance.ledger.database import Connection, is_pipelined
from governance.ledger.group import Batcher, GroupCommit
from governance.service import GovernanceService


async def test_callers_share_transactions_and_each_gets_its_own_answer(service: GovernanceService) -> None:
    batches: list[int] = []

    async def apply(conn: Connection, ops: Sequence[int]) -> Sequence[int | GovernanceError]:
        batches.append(len(ops))
        return [op * 2 if op % 2 else Conflict(f"{op} is even") for op in ops]

    group: GroupCommit[int, int] = GroupCommit(service.parts.database, apply, 50)
    answers = await asyncio.gather(*(group.submit(n) for n in range(120)), return_exceptions=True)
    assert [one for one in answers if isinstance(one, int)] == [n * 2 for n in range(120) if n % 2]
    assert str(answers[4]) == "4 is even"
    assert len(batches) < 10
    assert max(batches) <= 50


async def test_what_needs_no_transaction_is_done_in_company_too() -> None:
    batches: list[int] = []

    async def work(ops: Sequence[int]) -> Sequence[int | GovernanceError]:
        batches.append(len(ops))
        await asyncio.sleep(0)
        return [op * 2 if op else Conflict("zero") for op in ops]

    batcher: Batcher[int, int] = Batcher(work, 50)
    answers = await asyncio.gather(*(batcher.submit(n) for n in range(100)), return_exceptions=True)
    await batcher.close()
    assert answers[1:] == [n * 2 for n in range(1, 100)]
    assert isinstance(answers[0], Conflict)
    assert len(batches) < 10


async def test_a_few_are_pipelined_and_a_crowd_is_not(service: GovernanceService) -> None:
    seen: set[tuple[bool, bool]] = set()

    async def apply(conn: Connection, ops: Sequence[int]) -> Sequence[int]:
        seen.add((len(ops) < 128, is_pipelined(conn)))
        return list(ops)

    group: GroupCommit[int, int] = GroupCommit(service.parts.database, apply, 512)
    await asyncio.gather(*(group.submit(n) for n in range(300)))
    await group.submit(0)
    assert seen == {(True, True), (False, False)}


async def test_one_bad_operation_does_not_fail_its_neighbours(service: GovernanceService) -> None:
    async def apply(conn: Connection, ops: Sequence[int]) -> Sequence[int | GovernanceError]:
        for op in ops:
            await conn.execute("SELECT 1 / %s", [op])
        return list(ops)

    group: GroupCommit[int, int] = GroupCommit(service.parts.database, apply, 50)
    answers = await asyncio.gather(*(group.submit(n) for n in (1, 0, 2)), return_exceptions=True)
    assert (answers[0], answers[2]) == (1, 2)
    assert isinstance(answers[1], psycopg.errors.DivisionByZero)


async def test_without_a_database_every_caller_hears_unavailable(service: GovernanceService) -> None:
    async def apply(conn: Connection, ops: Sequence[int]) -> Sequence[int | GovernanceError]:
        await conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return list(ops)

    group: GroupCommit[int, int] = GroupCommit(service.parts.database, apply, 50)
    answers = await asyncio.gather(*(group.submit(n) for n in range(3)), return_exceptions=True)
    assert [type(one) for one in answers] == [Unavailable] * 3
    with pytest.raises(Unavailable):
        await group.submit(1)
    await group.close()


async def test_a_caller_that_asks_again_at_once_is_answered(service: GovernanceService) -> None:
    """Also when it was refused: then it goes on in the very turn in which the writer ends."""

    async def apply(conn: Connection, ops: Sequence[int]) -> Sequence[int | GovernanceError]:
        if len(ops) == 1 and ops[0] % 2:
            raise Conflict()
        return list(ops)

    group: GroupCommit[int, int] = GroupCommit(service.parts.database, apply, 50)
    async with asyncio.timeout(30):
        for number in range(20):
            try:
                assert await group.submit(number) == number
            except Conflict:
                assert number % 2
