"""What travels is sealed, complete, and knows its cost."""

import pytest

from governance.errors import Tampered
from serve_apps.engine.model import Sampler
from serve_apps.generator.wire import Call, open_order, seal_order
from tests.unit.serve_apps.generator.orders import order, transport


@pytest.mark.parametrize("adapter", ["adapter", None])
def test_an_order_arrives_as_it_was_given(adapter: str | None) -> None:
    given = order(adapter=adapter, sampler=Sampler.DPMPP_2M_KARRAS)
    opened = open_order(seal_order(given, transport()), transport())
    assert opened == given
    assert isinstance(opened.sampler, Sampler)


def test_nothing_in_a_call_can_be_read_or_is_printed() -> None:
    call = seal_order(order(), transport())
    assert b"garden" not in call.sealed_order
    assert "sealed_order" not in repr(call)
    assert "garden" not in repr(order())


def test_an_order_that_was_changed_on_the_way_is_refused() -> None:
    call = seal_order(order(), transport())
    changed = bytes([*call.sealed_order[:-1], call.sealed_order[-1] ^ 1])
    with pytest.raises(Tampered):
        open_order(Call(call.adapter, call.steps, changed), transport())


@pytest.mark.parametrize(("guidance", "steps"), [(3.0, 60), (1.0, 30)])
def test_the_cost_counts_pictures_steps_and_rows(guidance: float, steps: int) -> None:
    assert seal_order(order(images=3, steps=10, guidance=guidance), transport()).steps == steps
