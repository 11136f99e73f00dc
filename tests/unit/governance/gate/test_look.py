"""What the ledger says of an artifact, to many at once (I4, P7.6)."""

import asyncio
from datetime import timedelta

import pytest

from governance.clock import ManualClock
from governance.config import GovernanceSettings
from governance.errors import Gone, NotFound
from governance.holder import Holder
from governance.ids import ArtifactId
from governance.service import GovernanceService
from tests.support.governance import holding, photo, running, sign_up, with_clock


async def test_everybody_who_asks_together_hears_of_what_is_theirs(service: GovernanceService, holder: Holder) -> None:
    one, two = (await sign_up(service)).id, (await sign_up(service)).id
    made, other, erased = await photo(holder, one), await photo(holder, two), await photo(holder, one)
    await service.erase(erased.id)
    asked = [(made.id, one), (made.id, two), (other.id, None), (erased.id, one), (ArtifactId.new(), None)]
    answers = await asyncio.gather(*(service.artifact(*ask) for ask in asked), return_exceptions=True)
    assert [answers[0], answers[2]] == [made, other]
    assert [type(answers[place]) for place in (1, 3, 4)] == [NotFound, Gone, NotFound]


async def test_an_identifier_of_another_shape_is_unknown(service: GovernanceService) -> None:
    with pytest.raises(NotFound):
        await service.artifact(ArtifactId("art_nothing"))


async def test_past_its_deadline_it_is_seen_by_those_alone_who_restricted_processing(
    settings: GovernanceSettings,
) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        await service.parts.background.stop()
        free, frozen = (await sign_up(service)).id, (await sign_up(service)).id
        gone, kept = await photo(holder, free), await photo(holder, frozen)
        await service.restrict(frozen)
        assert gone.deadline is not None
        clock.move(gone.deadline - clock() + timedelta(seconds=1))
        assert (await service.artifact(kept.id, frozen)).id == kept.id
        with pytest.raises(Gone):
            await service.artifact(gone.id, free)
