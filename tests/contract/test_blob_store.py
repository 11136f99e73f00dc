"""The fake and the real bucket, through one suite."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cluster.embedded.throwaway import Servers
from governance.blobs.memory import MemoryBlobStore
from governance.blobs.s3 import S3BlobStore
from governance.blobs.store import PART_BYTES, BlobStore
from governance.errors import Gone
from tests.support.governance import settings_for


@pytest.fixture(params=["memory", "s3"])
async def store(request: pytest.FixtureRequest, servers: Servers, tmp_path: Path) -> AsyncIterator[BlobStore]:
    real = S3BlobStore(settings_for(servers, "", tmp_path).blobs)
    one: BlobStore = real if request.param == "s3" else MemoryBlobStore()
    await one.prepare()
    await one.prepare()
    yield one
    real.close()


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def test_versions_are_kept_apart(store: BlobStore) -> None:
    first, second = await store.put("p/a", b"one"), await store.put("p/a", b"two")
    assert first != second
    assert await store.get("p/a", first) == b"one"
    assert await store.get("p/a", second) == b"two"


async def test_erasing_takes_every_version_and_nothing_else(store: BlobStore) -> None:
    first = await store.put("p/a", b"one")
    await store.put("p/a", b"two")
    neighbour = await store.put("p/ab", b"another key that begins alike")
    assert await store.erase(["p/a", "p/none"]) == 2
    assert await store.left(["p/a", "p/ab"]) == ["p/ab"]
    with pytest.raises(Gone):
        await store.get("p/a", first)
    assert await store.get("p/ab", neighbour) == b"another key that begins alike"
    assert await store.erase(["p/a"]) == 0


async def test_many_keys_of_several_people_go_at_once(store: BlobStore) -> None:
    keys = [f"{person}/{n}" for person in "pq" for n in range(20)]
    for key in keys:
        await store.put(key, b"x")
    await store.put("p/stays", b"x")
    await store.erase(keys)
    assert await store.keys() == ["p/stays"]
    assert await store.keys("q/") == []


async def test_large_blobs_stream_in_parts(store: BlobStore) -> None:
    piece = bytes(PART_BYTES // 2 + 1)
    version = await store.put_parts("p/big", _pieces(piece, piece, piece, b"end"))
    back = b"".join([part async for part in store.get_parts("p/big", version)])
    assert back == piece * 3 + b"end"
    small = await store.put_parts("p/small", _pieces(b"a", b"b"))
    assert await store.get("p/small", small) == b"ab"


async def test_an_upload_that_fails_leaves_nothing(store: BlobStore) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(PART_BYTES + 1)
        yield bytes(PART_BYTES + 1)
        raise OSError("the source went away")

    with pytest.raises(OSError, match="went away"):
        await store.put_parts("p/broken", broken())
    assert await store.keys() == []
