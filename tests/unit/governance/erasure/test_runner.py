"""Requests that walk together: one that cannot go on does not keep the others."""

import asyncio
from collections.abc import Sequence

import pytest

from governance.audit.verify import verify
from governance.blobs.memory import MemoryBlobStore
from governance.bootstrap import Extras
from governance.clock import utc_now
from governance.config import GovernanceSettings
from governance.erasure.steps import no_scan
from governance.errors import Unavailable
from governance.failpoints import FailPoint, arm, disarm
from governance.model import Request, RequestState
from governance.policy import shipped
from governance.service import GovernanceService
from tests.support.governance import completed, holding, photo, running, sign_up


class Stubborn(MemoryBlobStore):
    """Refuses to delete some keys."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[str] = set()

    async def erase(self, keys: Sequence[str]) -> int:
        if self.refused & set(keys):
            raise Unavailable("not now")
        return await super().erase(keys)


async def together(service: GovernanceService, count: int) -> tuple[list[str], list[Request]]:
    """Photos of one person, each erased by a request of its own, at the same moment."""
    async with holding(service) as holder:
        owner = (await sign_up(service)).id
        made = [await photo(holder, owner) for _ in range(count)]
        asked = await asyncio.gather(*(service.erase(one.id) for one in made))
    return [one.location for one in made], list(asked)


async def test_who_cannot_go_on_rests_and_the_others_are_certified(settings: GovernanceSettings) -> None:
    store = Stubborn()
    async with running(settings, Extras(shipped(), utc_now, no_scan, store=store)) as service:
        await service.parts.background.stop()
        places, asked = await together(service, 4)
        store.refused = {places[1]}
        assert await service.parts.runner.run_due() == 4
        states = [(await service.request(one.id)).state for one in asked]
        assert states == [RequestState.COMPLETED, RequestState.DROPPED, RequestState.COMPLETED, RequestState.COMPLETED]
        assert await store.keys() == [places[1]]
        store.refused = set()
        await asyncio.sleep(2 * settings.erasure.poll_s)
        assert await service.parts.runner.run_due() == 1
        await completed(service, asked[1].id)


async def test_killed_between_the_last_entry_and_the_certificate_it_is_certified_all_the_same(
    service: GovernanceService, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(disarm)

    def once() -> None:
        disarm()
        raise Unavailable("cut off")

    arm(FailPoint.CERTIFICATE_SIGNED, once)
    _, (asked,) = await together(service, 1)
    await completed(service, asked.id)
    certificate = await service.certificate(asked.id)
    assert certificate is not None
    assert verify(certificate.document.encode()).body.erased == {"photo": 1}
