"""A transaction whose process is gone does not keep its locks."""

import asyncio

import pytest

from governance.config import GovernanceSettings
from governance.errors import Unavailable
from governance.ledger.database import Database

LOCK = "SELECT pg_advisory_xact_lock(7)"


async def test_a_transaction_that_does_nothing_gives_up_its_locks_and_says_so(settings: GovernanceSettings) -> None:
    hasty = settings.ledger.model_copy(update={"idle_transaction_s": 0.2})
    left, other = await Database.open(hasty), await Database.open(settings.ledger)
    silent = asyncio.Event()

    async def abandoned() -> None:
        async with left.transaction() as conn:
            await conn.execute(LOCK)
            silent.set()
            await asyncio.sleep(1.0)
            await conn.execute("SELECT 1")

    leaving = asyncio.create_task(abandoned())
    await silent.wait()
    async with asyncio.timeout(20), other.transaction() as conn:
        await conn.execute(LOCK)
    with pytest.raises(Unavailable):
        await leaving
    async with left.transaction() as conn:
        await conn.execute("SELECT 1")
    await left.close()
    await other.close()


async def test_a_connection_is_probed_from_both_ends(settings: GovernanceSettings) -> None:
    database = await Database.open(settings.ledger)
    async with database.transaction() as conn:
        cursor = await conn.execute(
            "SELECT current_setting('tcp_keepalives_idle'), current_setting('tcp_user_timeout')"
        )
        told = await cursor.fetchone()
        options = {option.keyword: option.val for option in conn.pgconn.info}
    await database.close()
    assert told == ("5", "11000")
    assert options[b"keepalives_idle"] == b"5"
    assert options[b"tcp_user_timeout"] == b"11000"
