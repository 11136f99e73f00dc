"""Test mode's payments: they succeed, and nothing costs anything."""

from datetime import UTC, datetime

import pytest

from governance.errors import NotFound
from governance.ids import OrderId, SubjectId
from governance.money.model import Order, OrderState, Payment
from serve_apps.billing.pretend import PretendTill
from serve_apps.billing.prices import prices
from serve_apps.ingress.errors import Invalid


async def test_a_payment_succeeds_when_somebody_looks() -> None:
    till, made = PretendTill(), datetime(2026, 1, 1, tzinfo=UTC)
    order = Order(
        OrderId.new(), SubjectId.new(), "small", 100, 4900, "dkk", OrderState.CREATED, None, 0, 0, None, made, None
    )
    assert await till.customer("abc") is None
    opened = await till.open(order, None, "seal")
    assert opened.payment is not None
    assert opened == await till.open(order, None, "seal"), "begun again it is the same"
    assert await till.look(opened.payment) == Payment(4900, 0, False, "dkk")
    await till.give_back(opened.payment)


@pytest.mark.parametrize("payment", ["pi_1", "test_x_dkk_1", "live_1_dkk_2", "test_1_dkk"])
async def test_payments_of_a_processor_are_unknown(payment: str) -> None:
    with pytest.raises(NotFound):
        await PretendTill().look(payment)


def test_no_event_is_believed() -> None:
    with pytest.raises(Invalid):
        PretendTill().hear(b"{}", "t=1,v1=0")


def test_work_is_free_and_packs_keep_their_prices() -> None:
    free = prices().without_charge()
    assert (free.picture, set(free.trainings.values())) == (0, {0})
    assert free.trainings.keys() == prices().trainings.keys()
    assert free.packs == prices().packs
