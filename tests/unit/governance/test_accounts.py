"""Accounts, tokens and restriction."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from governance.clock import ManualClock, utc_now
from governance.config import GovernanceSettings
from governance.errors import Conflict, Gone, NotFound
from governance.model import NewAccount, NewToken, Subject, SubjectId, SubjectStatus
from governance.service import GovernanceService
from tests.support.governance import REGION, completed, running, sign_up, with_clock

HASH = b"t" * 32


async def test_an_address_has_one_account_and_is_free_again_after_erasure(service: GovernanceService) -> None:
    new = NewAccount(b"e" * 32, "$argon2id$one", REGION)
    subject = await service.create_account(new)
    assert await service.create_account(new) == subject, "the same call again, for want of an answer"
    with pytest.raises(Conflict):
        await service.create_account(replace(new, password_hash="$argon2id$two"))
    account = await service.account_by_email(new.email_hash)
    assert account is not None
    assert (account.subject, account.password_hash) == (subject, "$argon2id$one")
    assert "argon2id" not in repr(account)
    await completed(service, (await service.erase(subject.id)).id)
    assert await service.account_by_email(new.email_hash) is None
    assert (await service.create_account(new)).id != subject.id


async def test_a_token_lives_until_it_ends_or_is_revoked(settings: GovernanceSettings) -> None:
    clock = ManualClock()
    async with running(settings, with_clock(clock)) as service:
        owner = await sign_up(service)
        new = NewToken(owner.id, HASH, frozenset({"images", "train"}), clock() + timedelta(hours=1))
        issued = await service.issue_token(new)
        assert await service.issue_token(new) == issued
        assert await service.token(HASH) == issued
        assert await service.token(b"u" * 32) is None
        clock.move(timedelta(hours=1))
        assert await service.token(HASH) is None
        other = NewToken(owner.id, b"v" * 32, frozenset(), clock() + timedelta(hours=1))
        await service.issue_token(other)
        await service.revoke_token(other.token_hash)
        await service.revoke_token(other.token_hash)
        assert await service.token(other.token_hash) is None


async def test_a_token_outlives_its_person_and_says_so(service: GovernanceService) -> None:
    owner = await sign_up(service)
    new = NewToken(owner.id, HASH, frozenset(), utc_now() + timedelta(hours=1))
    await service.issue_token(new)
    request = await service.erase(owner.id)
    await completed(service, request.id)
    token = await service.token(HASH)
    assert token is not None
    assert token.subject.status is SubjectStatus.ERASED
    assert await service.certificate(request.id, token.subject.id) is not None
    with pytest.raises(Gone):
        await service.issue_token(NewToken(owner.id, b"w" * 32, frozenset(), new.expires_at))


async def test_restricting_and_lifting(service: GovernanceService) -> None:
    owner = await sign_up(service)
    assert (await service.restrict(owner.id)).status is SubjectStatus.FROZEN
    assert (await service.restrict(owner.id)).status is SubjectStatus.FROZEN
    assert (await service.lift(owner.id)).status is SubjectStatus.ACTIVE
    with pytest.raises(NotFound):
        await service.restrict(SubjectId.new())
    assert (await service.create_subject(REGION)).status is SubjectStatus.ACTIVE


async def test_many_are_restricted_and_lifted_together(service: GovernanceService) -> None:
    people = [(await sign_up(service)).id for _ in range(3)]
    await service.erase(people[2])
    asked = [*(service.restrict(one) for one in people), service.restrict(people[0]), service.lift(people[1])]
    answers = await asyncio.gather(*asked, service.restrict(SubjectId.new()), return_exceptions=True)
    kinds = [one.status if isinstance(one, Subject) else type(one) for one in answers]
    frozen, active = SubjectStatus.FROZEN, SubjectStatus.ACTIVE
    assert kinds == [frozen, frozen, Gone, frozen, active, NotFound]
    assert [(await service.subject(one)).status for one in people[:2]] == [frozen, active]
