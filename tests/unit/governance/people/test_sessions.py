"""Refresh tokens and keys, below the ingress."""

from datetime import timedelta
from uuid import uuid4

import pytest

from governance.clock import ManualClock
from governance.errors import NotFound
from governance.model import NewToken
from governance.service import GovernanceService
from tests.support.governance import sign_up


async def test_an_exchange_is_made_once_and_repeated_safely(service: GovernanceService, clock: ManualClock) -> None:
    owner, session, ends = (await sign_up(service)).id, uuid4(), clock() + timedelta(days=1)

    def pair(name: bytes) -> tuple[NewToken, NewToken]:
        return (
            NewToken(owner, name * 32, frozenset({"images"}), ends, session),
            NewToken(owner, name.upper() * 32, frozenset({"refresh"}), ends, session),
        )

    for new in pair(b"a"):
        await service.issue_token(new)
    assert await service.refresh_session(b"A" * 32, pair(b"b"))
    assert await service.refresh_session(b"A" * 32, pair(b"b")), "the answer was lost: the same exchange again"
    assert not await service.refresh_session(b"?" * 32, pair(b"c"))
    assert await service.token(b"b" * 32) is not None
    assert not await service.refresh_session(b"A" * 32, pair(b"d")), "another exchange of a used token"
    assert [await service.token(name * 32) for name in (b"a", b"b", b"B", b"d")] == [None] * 4


async def test_keys_are_no_sessions(service: GovernanceService, clock: ManualClock) -> None:
    owner, ends = (await sign_up(service)).id, clock() + timedelta(days=1)
    await service.issue_token(NewToken(owner, b"s" * 32, frozenset(), ends, uuid4()))
    key = await service.issue_token(NewToken(owner, b"k" * 32, frozenset({"images"}), ends))
    assert [one.id for one in await service.api_keys(owner)] == [key.id]
    with pytest.raises(NotFound):
        await service.revoke_api_key((await sign_up(service)).id, key.id)
    await service.revoke_api_key(owner, key.id)
    assert await service.token(b"k" * 32) is None
    assert await service.token(b"s" * 32) is not None
