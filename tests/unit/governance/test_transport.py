"""Payloads between processes."""

import pytest

from governance.errors import KeyUnavailable, LeaseLost, Tampered
from governance.transport import Transport


def _transport(*epochs: int) -> Transport:
    one = Transport()
    for epoch in epochs:
        one.learn(epoch, bytearray([epoch]) * 32)
    return one


def test_what_one_holder_seals_another_opens_and_nobody_else() -> None:
    sealed = _transport(1).seal(b"a prompt")
    assert b"prompt" not in sealed
    assert _transport(1).open(sealed) == b"a prompt"
    stranger = Transport()
    stranger.learn(1, bytearray(b"x" * 32))
    with pytest.raises(Tampered):
        stranger.open(sealed)


def test_a_changed_or_short_payload_is_refused() -> None:
    sealed = bytearray(_transport(1).seal(b"a prompt"))
    sealed[-1] ^= 1
    with pytest.raises(Tampered):
        _transport(1).open(bytes(sealed))
    with pytest.raises(Tampered):
        _transport(1).open(b"short")


def test_the_epoch_before_still_opens_and_older_ones_are_zeroed() -> None:
    old = bytearray(b"o" * 32)
    one = Transport()
    one.learn(1, old)
    sealed = one.seal(b"on its way")
    one.learn(2, bytearray(b"n" * 32))
    assert one.open(sealed) == b"on its way"
    one.learn(3, bytearray(b"m" * 32))
    assert not any(old)
    with pytest.raises(KeyUnavailable):
        one.open(sealed)


def test_without_a_lease_nothing_is_sealed_or_opened() -> None:
    one = _transport(1)
    sealed = one.seal(b"a prompt")
    one.forget()
    with pytest.raises(LeaseLost):
        one.seal(b"a prompt")
    with pytest.raises(LeaseLost):
        one.open(sealed)
