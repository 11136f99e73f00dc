"""A policy that keeps less holds for what was kept before it (I4, P6.1), and is on the record."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from governance.audit.leaf import LeafEvent
from governance.clock import utc_now
from governance.erasure.retention import Retention
from governance.errors import Gone
from governance.holder import Holder
from governance.ledger import compliance
from governance.model import Artifact, Kind, NewArtifact, NewHold, Purpose
from governance.policy import Policy, shipped
from governance.service import GovernanceService
from tests.support.governance import photo, sign_up
from tests.support.waiting import eventually


def keeping(days: Mapping[Kind, int]) -> Policy:
    policy = shipped()
    return replace(policy, retention={**policy.retention, **{kind: timedelta(days=days[kind]) for kind in days}})


async def shortened(service: GovernanceService, days: Mapping[Kind, int]) -> Mapping[str, int]:
    return await Retention(service.parts.database, keeping(days), utc_now).shorten()


async def adapter(holder: Holder, of: Artifact) -> Artifact:
    new = NewArtifact(Kind.ADAPTER, of.subjects, Purpose.TRAINING, (of.id,))
    return await holder.write(new, b"weights")


async def kept_days(service: GovernanceService, one: Artifact) -> float:
    found = await service.artifact(one.id, one.subjects[0])
    assert found.deadline is not None
    return (found.deadline - found.created_at) / timedelta(days=1)


async def test_what_was_made_from_it_goes_as_early(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    model = await adapter(holder, made)
    copy = await adapter(holder, model)
    assert await shortened(service, {Kind.PHOTO: 7}) == {"photo": 1, "derived": 2}
    assert await kept_days(service, made) == 7
    assert {(await service.artifact(one.id, owner.id)).deadline for one in (made, model, copy)} == {
        made.created_at + timedelta(days=7)
    }
    assert await shortened(service, {Kind.PHOTO: 7}) == {}
    async with service.parts.database.transaction() as conn:
        assert (await compliance.grouped(conn, "events"))[LeafEvent.RETENTION_SHORTENED] >= 2


async def test_a_longer_retention_changes_nothing(service: GovernanceService, holder: Holder) -> None:
    made = await photo(holder, (await sign_up(service)).id)
    assert await shortened(service, {Kind.PHOTO: 90}) == {}
    assert await kept_days(service, made) == 30


async def test_what_the_law_keeps_is_not_touched(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    held = await photo(holder, owner.id)
    await service.place_hold(NewHold(held.id, "court-order", utc_now() + timedelta(days=90)))
    await service.erase(held.id)
    assert await shortened(service, {Kind.PHOTO: 7}) == {}


async def test_what_stays_as_long_as_the_account_still_does(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    profile = await holder.write(NewArtifact(Kind.PROFILE, (owner.id,), Purpose.ACCOUNT), b"Ada")
    webhook = await holder.write(NewArtifact(Kind.WEBHOOK, (owner.id,), Purpose.ACCOUNT, (profile.id,)), b"secret")
    assert await shortened(service, {Kind.PHOTO: 7}) == {}
    assert await shortened(service, {Kind.PROFILE: 90}) == {"profile": 1, "derived": 1}
    assert await kept_days(service, profile) == 90
    assert (await service.artifact(webhook.id, owner.id)).deadline == profile.created_at + timedelta(days=90)


async def test_what_is_past_its_new_deadline_expires(service: GovernanceService, holder: Holder) -> None:
    made = await photo(holder, (await sign_up(service)).id)
    await shortened(service, {Kind.PHOTO: 0})

    async def gone() -> bool:
        return not await service.parts.store.keys()

    await eventually(gone)
    with pytest.raises(Gone):
        await service.artifact(made.id, made.subjects[0])
