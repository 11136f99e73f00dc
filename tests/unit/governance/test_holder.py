"""The client side of a lease (I6)."""

import asyncio
from time import monotonic
from typing import Any, cast

import pytest

from governance.blobs.store import BlobStore
from governance.config import GovernanceSettings, LeaseSettings
from governance.errors import Fenced, Gone, LeaseLost, Tampered, Unavailable
from governance.holder import Holder
from governance.model import HolderKind, Kind, NewArtifact, Purpose, RequestState
from governance.service import GovernanceService
from tests.support.governance import REGION, completed, holding, photo, running, sign_up
from tests.support.waiting import eventually


async def test_on_command_it_drops_and_zeroes_and_the_erasure_waits_for_that(
    service: GovernanceService, holder: Holder
) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    dropped: list[bytes] = []
    buffer = await holder.hold(made.id, Purpose.TRAINING, lambda: dropped.append(bytes(buffer)))
    request = await service.erase(owner.id)
    assert request.state is RequestState.FENCED
    done = await completed(service, request.id)
    assert dropped == [b"a face"]
    assert not any(buffer)
    assert done.completed_at is not None


async def test_restriction_drops_what_is_used_for_other_purposes(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    made, shown = await photo(holder, owner.id), await photo(holder, owner.id, b"shown")
    used = await holder.hold(made.id, Purpose.TRAINING, lambda: None)
    seen = await holder.hold(shown.id, Purpose.DELIVERY, lambda: None)
    await service.restrict(owner.id)

    async def zeroed() -> bool:
        return not any(used)

    await eventually(zeroed)
    assert bytes(seen) == b"shown"


async def test_released_buffers_are_zeroed_and_nobody_waits_for_them(
    service: GovernanceService, holder: Holder
) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    calls: list[int] = []
    buffer = await holder.hold(made.id, Purpose.TRAINING, lambda: calls.append(1))
    await holder.release(made.id)
    assert not any(buffer)
    await completed(service, (await service.erase(owner.id)).id)
    assert not calls


async def test_one_job_that_lets_go_leaves_what_another_holds_and_governance_knows(
    service: GovernanceService, holder: Holder
) -> None:
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    told: list[str] = []
    mine = await holder.hold(made.id, Purpose.TRAINING, lambda: told.append("mine"))
    theirs = await holder.hold(made.id, Purpose.TRAINING, lambda: told.append("theirs"))
    await holder.release(made.id, mine)
    assert (any(mine), bytes(theirs)) == (False, b"a face")
    await completed(service, (await service.erase(owner.id)).id)
    assert told == ["theirs"]
    assert not any(theirs)


class Unread:
    """A store that nobody may read from."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        assert name not in ("get", "get_parts"), "storage was asked"
        return getattr(self._store, name)


async def test_who_was_handed_the_sealed_bytes_needs_a_grant_and_no_storage(service: GovernanceService) -> None:
    owner = await sign_up(service)
    store = cast(BlobStore, Unread(service.parts.store))
    async with holding(service) as writer:
        made, sealed = await writer.write_sealed(NewArtifact(Kind.PHOTO, (owner.id,), Purpose.TRAINING), b"a face")
    assert b"a face" not in sealed
    reader = await Holder.open(service, store, kind=HolderKind.GENERATOR, region=REGION)
    with pytest.raises(Tampered):
        await reader.hold(made.id, Purpose.TRAINING, lambda: None, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    dropped: list[str] = []
    buffer = await reader.hold(made.id, Purpose.TRAINING, lambda: dropped.append("told"), sealed)
    assert bytes(buffer) == b"a face"
    await completed(service, (await service.erase(owner.id)).id)
    assert (dropped, any(buffer)) == (["told"], False)
    with pytest.raises(Gone):
        await reader.hold(made.id, Purpose.TRAINING, lambda: None, sealed)
    await reader.close()


class CutOff:
    """A governance that stops answering from one moment on."""

    def __init__(self, service: GovernanceService) -> None:
        self._service = service
        self.cut = False

    def __getattr__(self, name: str):
        method = getattr(self._service, name)

        async def call(*args, **options):
            if self.cut:
                raise Unavailable()
            return await method(*args, **options)

        return call


@pytest.fixture
def brief(settings: GovernanceSettings) -> GovernanceSettings:
    """With leases whose end a test can wait for."""
    return settings.model_copy(update={"leases": LeaseSettings(ttl_s=5.0)})


async def test_cut_off_it_zeroes_everything_before_its_lease_ends_and_comes_back_by_itself(
    brief: GovernanceSettings,
) -> None:
    async with running(brief) as service:
        await _cut_off_it_zeroes_and_comes_back(service, brief.leases.ttl_s)


async def _cut_off_it_zeroes_and_comes_back(service: GovernanceService, ttl_s: float) -> None:
    link = CutOff(service)
    holder = await Holder.open(link, service.parts.store, kind=HolderKind.GENERATOR, region=REGION)
    owner = await sign_up(service)
    made = await photo(holder, owner.id)
    zeroed_at: list[float] = []
    buffer = await holder.hold(made.id, Purpose.TRAINING, lambda: zeroed_at.append(monotonic()))
    link.cut = True
    cut_at = monotonic()
    request = await service.erase(owner.id)
    done = await completed(service, request.id)
    assert done.completed_at is not None
    assert zeroed_at, "the erasure ended before the holder was empty"
    assert zeroed_at[0] - cut_at <= 2 * ttl_s, "a lease ends by itself"
    assert not any(buffer)
    with pytest.raises(LeaseLost):
        holder.transport.seal(b"a prompt")
    link.cut = False
    other = await sign_up(service)

    async def works() -> bool:
        try:
            await photo(holder, other.id)
        except Unavailable:
            return False
        return True

    await eventually(works)
    await holder.close()


async def test_a_blocked_event_loop_does_not_keep_plaintext_alive(brief: GovernanceSettings) -> None:
    async with running(brief) as service, holding(service) as holder:
        made = await photo(holder, (await sign_up(service)).id)
        buffer = await holder.hold(made.id, Purpose.TRAINING, lambda: None)
        ends = monotonic() + 30
        while any(buffer):
            assert monotonic() < ends, "the watchdog slept"


async def test_a_write_that_fails_is_abandoned(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    parent = await photo(holder, owner.id)
    original = service.parts.store.put

    async def erase_meanwhile(key: str, data: bytes) -> str:
        await service.erase(parent.id)
        return await original(key, data)

    service.parts.store.put = erase_meanwhile  # type: ignore[method-assign]
    with pytest.raises(Fenced):
        await holder.write(NewArtifact(Kind.CROP, (owner.id,), Purpose.TRAINING, (parent.id,)), b"late")

    async def empty() -> bool:
        return not await service.parts.store.keys()

    await eventually(empty)


async def test_transport_is_shared_and_moves_on_with_the_epoch(service: GovernanceService) -> None:
    async with holding(service) as one, holding(service) as two:
        assert two.transport.open(one.transport.seal(b"a prompt")) == b"a prompt"
        epoch = one.transport.epoch
        on_its_way = one.transport.seal(b"sealed before")
        await service.parts.rotation.rotate()

        async def moved() -> bool:
            return one.transport.epoch > epoch and two.transport.epoch > epoch

        await eventually(moved)
        assert two.transport.open(on_its_way) == b"sealed before"
        assert two.transport.open(one.transport.seal(b"after")) == b"after"


async def test_many_at_once_share_commits(service: GovernanceService, holder: Holder) -> None:
    owner = await sign_up(service)
    made = await asyncio.gather(*(photo(holder, owner.id, bytes([n])) for n in range(30)))
    for n, one in enumerate(made):
        async with holder.plaintext(one.id, Purpose.TRAINING) as buffer:
            assert bytes(buffer) == bytes([n])


class Interrupted:
    """A governance whose caller loses its lease while it answers, and has a new one when the answer arrives."""

    def __init__(self, service: GovernanceService, call: str) -> None:
        self._service, self._call = service, call
        self.holder: Holder | None = None

    def __getattr__(self, name: str):
        method = getattr(self._service, name)

        async def call(*args, **options):
            answer = await method(*args, **options)
            if name == self._call and self.holder is not None:
                holder, self.holder = self.holder, None
                holder._lose()
                await holder._lease()
            return answer

        return call


@pytest.mark.parametrize("call", ["register", "grant"])
async def test_what_was_granted_under_a_lease_that_ended_is_not_used_under_the_next(
    service: GovernanceService, holder: Holder, call: str
) -> None:
    owner = await sign_up(service)
    link = Interrupted(service, call)
    tired = await Holder.open(link, service.parts.store, kind=HolderKind.TOOL, region=REGION)
    before = tired.id
    link.holder = tired
    made = await photo(tired, owner.id)
    link.holder = tired
    buffer = await tired.hold(made.id, Purpose.TRAINING, lambda: None)
    assert bytes(buffer) == b"a face"
    assert tired.id != before
    async with service.parts.database.transaction() as conn:
        cursor = await conn.execute("SELECT holder FROM holdings WHERE artifact = %s", [made.id.uuid])
        assert tired.id.uuid in {row[0] for row in await cursor.fetchall()}, "governance must know who has it"
    await tired.close()
