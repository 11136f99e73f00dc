"""Consents, and the newsletters that need one."""

from collections.abc import Sequence

import pytest

from governance.errors import Gone, NotFound
from governance.model import Purpose, SubjectId
from governance.people.model import ConsentPurpose
from governance.policy import shipped
from governance.rights.model import NewRightsRequest, Right
from governance.service import GovernanceService
from tests.support.governance import sign_up

MARKETING = ConsentPurpose.MARKETING
FACTS = {"subject_da": "Nyt", "text_da": "Nyt.", "subject_en": "News", "text_en": "News."}


async def readers(service: GovernanceService) -> Sequence[SubjectId]:
    return [one.subject for one in await service.claim_notices()]


async def test_a_consent_is_live_until_it_is_withdrawn(service: GovernanceService) -> None:
    person = await sign_up(service)
    with pytest.raises(NotFound):
        await service.withdraw_consent(person.id, MARKETING)
    given = await service.give_consent(person.id, MARKETING)
    assert (given.live, given.policy_version) == (True, shipped().version)
    assert await service.give_consent(person.id, MARKETING) == given
    ended = await service.withdraw_consent(person.id, MARKETING)
    assert (ended.id, ended.live) == (given.id, False)
    assert await service.withdraw_consent(person.id, MARKETING) == ended
    again = await service.give_consent(person.id, MARKETING)
    assert [one.id for one in await service.consents(person.id)] == [again.id, given.id]
    await service.erase(person.id)
    with pytest.raises(Gone):
        await service.give_consent(person.id, MARKETING)


async def test_newsletters_go_to_those_who_consent(service: GovernanceService) -> None:
    yes, no, objects, changes = [(await sign_up(service)).id for _ in range(4)]
    for one in (yes, objects, changes):
        await service.give_consent(one, MARKETING)
    await service.ask(NewRightsRequest(Right.OBJECTION, objects, purpose=Purpose.MARKETING))
    assert await service.send_newsletter("june", FACTS) == 2
    assert await service.send_newsletter("june", FACTS) == 0
    await service.withdraw_consent(changes, MARKETING)
    found = await readers(service)
    assert yes in found
    assert not {no, changes} & set(found)


async def test_an_objection_stops_what_waits_already(service: GovernanceService) -> None:
    person = await sign_up(service)
    await service.give_consent(person.id, MARKETING)
    assert await service.send_newsletter("july", FACTS) == 1
    await service.ask(NewRightsRequest(Right.OBJECTION, person.id, purpose=Purpose.MARKETING))
    assert await readers(service) == []
