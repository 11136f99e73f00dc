"""Transactions, pipelined and not."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from governance.config import GovernanceSettings
from governance.errors import Unavailable
from governance.ledger.database import Connection, Database, is_pipelined, together

ADD = "INSERT INTO things VALUES (%s)"


@pytest.fixture
async def database(settings: GovernanceSettings) -> AsyncIterator[Database]:
    one = await Database.open(settings.ledger)
    async with one.transaction() as conn:
        await conn.execute("CREATE TABLE things (number integer PRIMARY KEY)")
    yield one
    await one.close()


async def numbers(database: Database) -> list[int]:
    async with database.transaction() as conn:
        cursor = await conn.execute("SELECT number FROM things ORDER BY number")
        return [row[0] for row in await cursor.fetchall()]


@pytest.mark.parametrize("pipelined", [False, True])
async def test_what_was_done_stays_when_the_block_ends(database: Database, pipelined: bool) -> None:
    async with database.transaction(pipelined) as conn:
        assert is_pipelined(conn) is pipelined
        for number in range(3):
            await conn.execute(ADD, [number])
        cursor = await conn.execute("SELECT count(*) FROM things")
        assert await cursor.fetchone() == (3,)
        await conn.execute(ADD, [3])
    assert await numbers(database) == [0, 1, 2, 3]


@pytest.mark.parametrize("pipelined", [False, True])
async def test_an_error_in_the_block_leaves_nothing(database: Database, pipelined: bool) -> None:
    async def change_my_mind(conn: Connection) -> None:
        await conn.execute(ADD, [1])
        raise ValueError("changed my mind")

    with pytest.raises(ValueError, match="changed my mind"):
        await database.run(change_my_mind, pipelined)
    assert await numbers(database) == []


@pytest.mark.parametrize("asks", [False, True])
async def test_what_a_pipelined_statement_did_wrong_is_heard_of_and_nothing_stays(
    database: Database, asks: bool
) -> None:
    """At the next fetch, or at the end."""

    async def twice(conn: Connection) -> None:
        for number in (1, 1, 2):
            await conn.execute(ADD, [number])
        if asks:
            cursor = await conn.execute("SELECT 1")
            await cursor.fetchone()
            raise AssertionError("it is heard of by now")

    with pytest.raises(psycopg.errors.UniqueViolation):
        await database.run(twice, pipelined=True)
    assert await numbers(database) == []


async def test_a_lost_connection_is_an_outage_and_the_next_transaction_has_another(database: Database) -> None:
    async def lose(conn: Connection) -> None:
        await conn.execute(ADD, [1])
        await conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(Unavailable):
        await database.run(lose, pipelined=True)
    assert await numbers(database) == []


async def test_canceled_amid_a_pipeline_it_leaves_nothing_and_a_connection_that_works(database: Database) -> None:
    started = asyncio.Event()

    async def slow(conn: Connection) -> None:
        await conn.execute(ADD, [1])
        cursor = await conn.execute("SELECT pg_sleep(60)")
        started.set()
        await cursor.fetchone()

    task = asyncio.create_task(database.run(slow, pipelined=True))
    await started.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(12):
        assert await numbers(database) == []


async def test_a_tie_that_was_lost_is_played_again(database: Database) -> None:
    tries = []

    async def unlucky(conn: Connection) -> int:
        tries.append(1)
        await conn.execute(ADD, [1])
        if len(tries) == 1:
            await conn.execute("DO $$ BEGIN RAISE EXCEPTION 'tie' USING ERRCODE = 'deadlock_detected'; END $$")
        return len(tries)

    assert await database.run(unlucky, pipelined=True) == 2
    assert await numbers(database) == [1]


@pytest.mark.parametrize("pipelined", [False, True])
async def test_questions_asked_together_are_asked_in_their_order(database: Database, pipelined: bool) -> None:
    async def add_and_count(conn: Connection, number: int) -> int:
        cursor = await conn.execute(f"{ADD} RETURNING (SELECT count(*) FROM things)", [number])
        row = await cursor.fetchone()
        assert row is not None
        return int(row[0])

    async with database.transaction(pipelined) as conn:
        assert await together(*(add_and_count(conn, number) for number in range(20))) == list(range(20))


@pytest.mark.parametrize("pipelined", [False, True])
async def test_a_wrong_one_among_questions_fails_them_all_when_none_is_on_its_way(
    database: Database, pipelined: bool
) -> None:
    ended: list[int] = []

    async def divide(conn: Connection, number: int) -> None:
        try:
            cursor = await conn.execute("SELECT 1 / %s", [number])
            await cursor.fetchone()
        finally:
            ended.append(number)

    async def ask(conn: Connection) -> None:
        await together(*(divide(conn, number) for number in (1, 0, 2)))

    with pytest.raises(psycopg.errors.DivisionByZero):
        await database.run(ask, pipelined)
    assert sorted(ended) == [0, 1, 2]
    assert await numbers(database) == []


async def test_whoever_loses_a_tie_hears_that_the_ledger_is_busy(database: Database) -> None:
    both = asyncio.Barrier(2)

    async def lock(first: int, second: int) -> None:
        async with database.transaction() as conn:
            await conn.execute("SELECT pg_advisory_xact_lock(%s)", [first])
            await both.wait()
            await conn.execute("SELECT pg_advisory_xact_lock(%s)", [second])

    ends = await asyncio.gather(lock(1, 2), lock(2, 1), return_exceptions=True)
    assert [type(end) for end in ends if end is not None] == [Unavailable]
