"""Deliveries: to whom, how often, and what an answer means."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from governance.clock import ManualClock
from governance.config import GovernanceSettings
from governance.errors import Conflict, NotFound
from governance.events.model import (
    ATTEMPTS,
    RETRIES_S,
    DeliveryState,
    Due,
    EventType,
    NewWebhook,
    Webhook,
    WebhookChange,
)
from governance.events.webhooks import LEASE, MOST
from governance.holder import Holder
from governance.ids import SubjectId, WebhookId
from governance.model import Kind, NewArtifact, Purpose
from governance.service import GovernanceService
from tests.support.governance import completed, holding, running, sign_up, with_clock
from tests.support.money import buy


@dataclass
class Scene:
    """A service whose clock stands still, and a person in it."""

    service: GovernanceService
    clock: ManualClock
    holder: Holder
    owner: SubjectId

    async def webhook(self, *types: EventType) -> Webhook:
        new = NewArtifact(Kind.WEBHOOK, (self.owner,), Purpose.ACCOUNT)
        address = await self.holder.write(new, b'{"url": "https://example.org/hook"}')
        return await self.service.add_webhook(NewWebhook(WebhookId.new(), self.owner, address.id, frozenset(types)))

    async def due(self) -> list[Due]:
        await self.service.parts.events.log.publish()
        return list(await self.service.take_deliveries())


@pytest.fixture
async def scene(settings: GovernanceSettings) -> AsyncIterator[Scene]:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service, holding(service) as holder:
        yield Scene(service, clock, holder, (await sign_up(service)).id)


async def test_an_event_goes_to_the_webhooks_that_want_it_and_to_one_taker(scene: Scene) -> None:
    everything, paid = await scene.webhook(), await scene.webhook(EventType.ORDER_PAID)
    await scene.webhook(EventType.TRAINING_FAILED)
    paused = await scene.webhook()
    await scene.service.change_webhook(paused.id, scene.owner, WebhookChange(enabled=False))
    await buy(scene.service, scene.owner, 10)
    await buy(scene.service, (await sign_up(scene.service)).id, 10)
    due = await scene.due()
    assert {one.webhook.id for one in due} == {everything.id, paid.id}
    assert {one.event.type for one in due} == {EventType.ORDER_PAID}
    assert await scene.due() == [], "somebody has them"
    scene.clock.move(LEASE + timedelta(seconds=1))
    assert len(await scene.due()) == 2, "who took them gave no answer"


async def test_failures_are_tried_again_for_three_days_and_then_the_webhook_rests(scene: Scene) -> None:
    webhook = await scene.webhook()
    await buy(scene.service, scene.owner, 10)
    began, waits = scene.clock(), []
    for attempt in range(ATTEMPTS):
        [due] = await scene.due()
        await scene.service.delivery_answered(webhook.id, due.event.id, 500 if attempt % 2 else None)
        [delivery] = await scene.service.deliveries(webhook.id, scene.owner)
        if delivery.next_at is not None:
            waits.append((delivery.next_at - scene.clock()).total_seconds())
            scene.clock.move(delivery.next_at - scene.clock())
    assert all(asked <= waited <= asked * 1.1 for asked, waited in zip(RETRIES_S, waits, strict=True))
    assert scene.clock() - began > timedelta(days=3)
    [delivery] = await scene.service.deliveries(webhook.id, scene.owner)
    assert (delivery.state, delivery.attempts, delivery.status) == (DeliveryState.FAILED, ATTEMPTS, 500)
    resting = await scene.service.webhook(webhook.id, scene.owner)
    assert (resting.enabled, resting.code) == (False, "unreachable")
    again = await scene.service.change_webhook(webhook.id, scene.owner, WebhookChange(enabled=True))
    assert (again.enabled, again.code) == (True, None)


async def test_a_success_ends_it_and_it_can_be_sent_again(scene: Scene) -> None:
    webhook = await scene.webhook()
    await buy(scene.service, scene.owner, 10)
    [due] = await scene.due()
    await scene.service.delivery_answered(webhook.id, due.event.id, 204)
    await scene.service.delivery_answered(webhook.id, due.event.id, 500)
    [delivery] = await scene.service.deliveries(webhook.id, scene.owner)
    assert (delivery.state, delivery.status, delivery.next_at) == (DeliveryState.DELIVERED, 204, None)
    scene.clock.move(timedelta(days=1))
    assert await scene.due() == []
    assert (await scene.service.redeliver(webhook.id, scene.owner, due.event.id)).attempts == 0
    [again] = await scene.due()
    assert again.event == due.event


async def test_410_disables(scene: Scene) -> None:
    webhook = await scene.webhook()
    await buy(scene.service, scene.owner, 10)
    await buy(scene.service, scene.owner, 20)
    first, _ = await scene.due()
    await scene.service.delivery_answered(webhook.id, first.event.id, 410)
    found = await scene.service.webhook(webhook.id, scene.owner)
    assert (found.enabled, found.code) == (False, "gone")
    scene.clock.move(LEASE * 2)
    assert await scene.due() == []


async def test_a_test_reaches_one_webhook_though_it_rests(scene: Scene) -> None:
    webhook, _ = await scene.webhook(), await scene.webhook()
    await scene.service.change_webhook(webhook.id, scene.owner, WebhookChange(enabled=False))
    sent = await scene.service.test_webhook(webhook.id, scene.owner)
    [due] = await scene.due()
    assert (due.webhook.id, due.event.id, due.event.type) == (webhook.id, sent, EventType.WEBHOOK_TEST)


async def test_what_changes_and_what_does_not(scene: Scene) -> None:
    webhook = await scene.webhook()
    rotated = await scene.service.change_webhook(webhook.id, scene.owner, WebhookChange(rotate=True))
    assert (rotated.generation, rotated.rotated_at) == (2, scene.clock())
    assert (rotated.address, rotated.types, rotated.enabled) == (webhook.address, webhook.types, True)
    only = frozenset({EventType.ORDER_PAID})
    narrowed = await scene.service.change_webhook(webhook.id, scene.owner, WebhookChange(types=only))
    assert (narrowed.types, narrowed.generation) == (only, 2)


async def test_what_is_anothers_is_not_there(scene: Scene) -> None:
    webhook, other = await scene.webhook(), (await sign_up(scene.service)).id
    event = await scene.service.test_webhook(webhook.id, scene.owner)
    service = scene.service
    for call in (
        service.webhook(webhook.id, other),
        service.change_webhook(webhook.id, other, WebhookChange(rotate=True)),
        service.remove_webhook(webhook.id, other),
        service.test_webhook(webhook.id, other),
        service.deliveries(webhook.id, other),
        service.redeliver(webhook.id, other, event),
        service.add_webhook(NewWebhook(WebhookId.new(), other, webhook.address)),
    ):
        with pytest.raises(NotFound):
            await call
    assert await service.webhooks(other) == []


async def test_there_are_at_most_so_many(scene: Scene) -> None:
    made = [await scene.webhook() for _ in range(MOST)]
    with pytest.raises(Conflict):
        await scene.webhook()
    last = made[-1]
    again = NewWebhook(last.id, scene.owner, last.address, last.types)
    assert await scene.service.add_webhook(again) == last, "the same call again, for want of an answer"
    await scene.service.remove_webhook(made[0].id, scene.owner)
    await scene.webhook()
    assert len(await scene.service.webhooks(scene.owner)) == MOST


async def test_they_go_with_their_person(scene: Scene) -> None:
    await scene.webhook()
    await buy(scene.service, scene.owner, 10)
    request = await scene.service.erase(scene.owner)
    await completed(scene.service, request.id)
    async with scene.service.parts.database.transaction() as conn:
        cursor = await conn.execute(
            "SELECT (SELECT count(*) FROM webhooks) + (SELECT count(*) FROM webhook_deliveries)"
        )
        assert await cursor.fetchone() == (0,)
    assert await scene.due() == []
