"""Who writes something of a person, and an erasure that begins meanwhile."""

import asyncio

import pytest

from governance.errors import Gone, NotFound
from governance.ledger import erasing, subjects
from governance.model import SubjectId
from governance.service import GovernanceService
from tests.support.governance import sign_up


async def test_a_writer_waits_for_an_erasure_that_begins_and_is_refused(service: GovernanceService) -> None:
    owner = await sign_up(service)
    async with service.parts.database.transaction() as conn:
        await subjects.lock(conn, owner.id)
        writes = [
            asyncio.create_task(service.remember(owner.id, "key", b"print", "job_1")),
            asyncio.create_task(service.wallet(owner.id)),
        ]
        done, _ = await asyncio.wait(writes, timeout=0.5)
        assert not done, "they would write after everything of the person was collected"
        await erasing.fence_subjects(conn, [owner.id])
    for write in writes:
        with pytest.raises(Gone):
            await write


async def test_an_erasure_waits_for_a_writer_that_was_first(service: GovernanceService) -> None:
    owner = await sign_up(service)
    async with service.parts.database.transaction() as conn:
        assert (await subjects.living(conn, owner.id)).id == owner.id
        request = asyncio.create_task(service.erase(owner.id))
        done, _ = await asyncio.wait([request], timeout=0.5)
        assert not done
    await request


async def test_nobody_is_not_found(service: GovernanceService) -> None:
    async with service.parts.database.transaction() as conn:
        with pytest.raises(NotFound):
            await subjects.living(conn, SubjectId.new())
