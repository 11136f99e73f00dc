"""Codes, attempts and passwords, below the ingress."""

from datetime import timedelta

import pytest

from governance.clock import ManualClock
from governance.config import GovernanceSettings
from governance.errors import Conflict, NotFound
from governance.ids import CodeId
from governance.model import NewAccount, NewToken, Role
from governance.people.model import CodeKind, Template
from governance.service import GovernanceService
from tests.support.governance import REGION, completed, running, sign_up

HASH = b"e" * 32


async def code_sent(service: GovernanceService, template: Template) -> CodeId:
    told = {one.template: one for one in await service.claim_notices()}
    return CodeId(str(told[template].facts["code"]))


async def test_a_code_is_good_for_one_thing_once_and_for_a_while(
    service: GovernanceService, clock: ManualClock
) -> None:
    person = await service.create_account(NewAccount(HASH, "$one", REGION))
    await service.issue_token(NewToken(person.id, b"t" * 32, frozenset(), clock() + timedelta(days=9)))
    await service.send_code(person.id, CodeKind.RESET)
    code = await code_sent(service, Template.RESET_PASSWORD)
    with pytest.raises(NotFound):
        await service.confirm_address(code)
    await service.reset_password(code, "$two")
    await service.reset_password(code, "$two")
    with pytest.raises(Conflict):
        await service.reset_password(code, "$three")
    account = await service.account_by_email(HASH)
    assert account is not None
    assert (account.password_hash, account.confirmed) == ("$two", True)
    assert await service.token(b"t" * 32) is None
    await service.send_code(person.id, CodeKind.RESET)
    late = await code_sent(service, Template.RESET_PASSWORD)
    clock.move(timedelta(hours=2))
    with pytest.raises(NotFound):
        await service.reset_password(late, "$four")


async def test_attempts_are_counted_for_everybody_alike(service: GovernanceService, clock: ManualClock) -> None:
    """Also for addresses without an account; after the window they begin anew."""
    assert [await service.count_attempt(HASH, 3, 900) for _ in range(3)] == [None] * 3
    assert await service.count_attempt(HASH, 3, 900) == clock() + timedelta(minutes=15)
    await service.forget_attempts(HASH)
    assert await service.count_attempt(HASH, 1, 900) is None
    assert await service.count_attempt(HASH, 1, 900) is not None
    clock.move(timedelta(minutes=16))
    assert await service.count_attempt(HASH, 1, 900) is None


async def test_nothing_of_it_is_left_of_an_erased_person(settings: GovernanceSettings) -> None:
    async with running(settings) as service:
        await check_nothing_is_left(service)


async def check_nothing_is_left(service: GovernanceService) -> None:
    person = await service.create_account(NewAccount(HASH, "$one", REGION))
    await service.give_role(person.id, Role.SUPPORT)
    await service.send_code(person.id, CodeKind.CONFIRMATION)
    await service.count_attempt(HASH, 10, 900)
    await completed(service, (await service.erase(person.id)).id)
    async with service.parts.database.transaction() as conn:
        for table in ("codes", "sign_in_attempts", "notices", "accounts"):
            cursor = await conn.execute(f"SELECT count(*) FROM {table}")
            assert await cursor.fetchone() == (0,), table
    with pytest.raises(NotFound):
        await service.give_role((await service.create_subject(REGION)).id, Role.DPO)
    with pytest.raises(NotFound):
        await service.send_code((await service.create_subject(REGION)).id, CodeKind.RESET)
    assert (await sign_up(service)).id != person.id
