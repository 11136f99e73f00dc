"""Large blobs, piece by piece, under the same lease as small ones (I5, I6)."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cluster.embedded.throwaway import Servers
from governance.config import GovernanceSettings
from governance.errors import Gone, LeaseLost, Tampered
from governance.holder import Holder
from governance.model import Artifact, Kind, NewArtifact, Purpose, SubjectId
from governance.service import GovernanceService
from governance.vault.cipher import CHUNK_BYTES, SEALED_CHUNK_BYTES
from tests.support.governance import completed, fresh_database, settings_for, sign_up, store_of
from tests.support.waiting import eventually


@pytest.fixture
def settings(servers: Servers, tmp_path: Path) -> Iterator[GovernanceSettings]:
    """Large blobs take their time on a slow machine."""
    with fresh_database(servers, migrated=True) as dsn:
        yield settings_for(servers, dsn, tmp_path, lease_s=30)


async def pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def read_all(parts: AsyncIterator[memoryview]) -> bytes:
    return b"".join([bytes(part) async for part in parts])


async def stored(holder: Holder, owner: SubjectId, data: bytes, size: int = 300_000) -> Artifact:
    return await holder.write_parts(NewArtifact(Kind.PHOTO, (owner,), Purpose.TRAINING), pieces(data, size))


@pytest.mark.parametrize("length", [0, 5, CHUNK_BYTES, 3 * CHUNK_BYTES + 7, 18 * CHUNK_BYTES])
async def test_what_went_in_comes_out(service: GovernanceService, holder: Holder, length: int) -> None:
    data = os.urandom(length)
    made = await stored(holder, (await sign_up(service)).id, data)
    assert made.size == length
    async with holder.stream(made.id, Purpose.TRAINING) as parts:
        assert await read_all(parts) == data
    async with holder.plaintext(made.id, Purpose.TRAINING) as buffer:
        assert bytes(buffer) == data


async def test_erased_in_between_the_piece_in_hand_is_zeroed_and_there_is_no_next(
    service: GovernanceService, holder: Holder
) -> None:
    owner = (await sign_up(service)).id
    made = await stored(holder, owner, b"x" * (4 * CHUNK_BYTES))
    async with holder.stream(made.id, Purpose.TRAINING) as parts:
        first = await anext(parts)
        assert bytes(first[:2]) == b"xx"
        await completed(service, (await service.erase(owner)).id)
        assert not any(first), "the erasure ended, so nothing may be left here"
        with pytest.raises(Gone):
            await anext(parts)


async def test_without_a_lease_nothing_goes_on(service: GovernanceService, holder: Holder) -> None:
    owner = (await sign_up(service)).id
    made = await stored(holder, owner, b"x" * (4 * CHUNK_BYTES))
    async with holder.stream(made.id, Purpose.TRAINING) as parts:
        await anext(parts)
        holder._lose()
        with pytest.raises(LeaseLost):
            await anext(parts)

    async def cut_off() -> AsyncIterator[bytes]:
        yield b"y"
        holder._lose()
        yield b"y"

    with pytest.raises(LeaseLost):
        await holder.write_parts(NewArtifact(Kind.PHOTO, (owner,), Purpose.TRAINING), cut_off())


async def test_a_write_that_fails_half_way_leaves_nothing(service: GovernanceService, holder: Holder) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(10 * CHUNK_BYTES)
        raise OSError("the sender went away")

    owner = (await sign_up(service)).id
    with pytest.raises(OSError, match="went away"):
        await holder.write_parts(NewArtifact(Kind.PHOTO, (owner,), Purpose.TRAINING), broken())

    async def empty() -> bool:
        return not await service.parts.store.keys()

    await eventually(empty)


@pytest.mark.parametrize("damage", ["cut", "changed", "swapped"])
async def test_tampered_streams_are_refused(service: GovernanceService, holder: Holder, damage: str) -> None:
    made = await stored(holder, (await sign_up(service)).id, os.urandom(3 * CHUNK_BYTES))
    store = store_of(service)
    sealed = await store.latest(made.location)
    one, two = SEALED_CHUNK_BYTES, 2 * SEALED_CHUNK_BYTES
    wrong = {
        "cut": sealed[:two],
        "changed": sealed[:-1] + bytes([sealed[-1] ^ 1]),
        "swapped": sealed[:11] + sealed[11 + one : 11 + two] + sealed[11 : 11 + one] + sealed[11 + two :],
    }[damage]
    version = await store.put(made.location, wrong)
    async with service.parts.database.transaction() as conn:
        await conn.execute("UPDATE artifacts SET version_id = %s WHERE id = %s", [version, made.id.uuid])
    async with holder.stream(made.id, Purpose.TRAINING) as parts:
        with pytest.raises(Tampered):
            await read_all(parts)
