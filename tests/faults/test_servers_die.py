"""PostgreSQL and S3 are killed, stalled and out of space under work: callers hear `Unavailable`, nothing is lost, all
resumes by itself."""

import asyncio
import os
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from cluster.embedded.seaweed import BUCKET
from cluster.embedded.throwaway import Servers, throwaway_servers
from governance.config import GovernanceSettings
from governance.errors import GovernanceError, LeaseLost, Unavailable
from governance.holder import Holder
from governance.ids import SubjectId
from governance.model import Artifact, Kind, NewArtifact, Purpose
from tests.support.governance import completed, fresh_database, holding, photo, running, settings_for, sign_up
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(600)

DISK_BYTES = 2 << 30


@pytest.fixture(scope="module")
def own_servers() -> Iterator[Servers]:
    """Servers that may be killed without disturbing other tests."""
    with throwaway_servers() as servers:
        yield servers


@pytest.mark.parametrize("name", ["postgresql", "s3"])
async def test_killed_under_writers(own_servers: Servers, tmp_path: Path, name: str) -> None:
    with fresh_database(own_servers) as dsn:
        async with running(_quick(own_servers, dsn, tmp_path)) as service, holding(service) as holder:
            owner = (await sign_up(service)).id
            made, failed = await _worked_through(own_servers, holder, owner, name)
            assert failed, "somebody must have heard of it"
            for one in made:
                async with holder.plaintext(one.id, Purpose.TRAINING) as buffer:
                    assert bytes(buffer) == b"a face"
            await completed(service, (await service.erase(owner)).id)
            assert await service.parts.store.keys() == []


async def _worked_through(
    servers: Servers, holder: Holder, owner: SubjectId, name: str
) -> tuple[list[Artifact], list[GovernanceError]]:
    """Four writers before, during and after the death of a server; what they made, and the errors they heard."""
    made: list[Artifact] = []
    heard: list[GovernanceError] = []
    writers = [asyncio.create_task(_write_on(holder, owner, made, heard)) for _ in range(4)]
    await eventually(lambda: _enough(made, 4, writers), within_s=180)
    server = servers.postgres if name == "postgresql" else servers.s3
    running = server.running()
    assert running is not None
    _kill_tree(running.pid)
    await eventually(lambda: _enough(heard, 1, writers), within_s=180)
    await asyncio.to_thread(server.start)
    before = len(made)
    await eventually(lambda: _enough(made, before + 4, writers), within_s=180)
    for writer in writers:
        writer.cancel()
    ends = await asyncio.gather(*writers, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends
    return made, heard


def test_s3_killed_right_after_deletions_carries_them_out_when_it_starts(own_servers: Servers) -> None:
    """It answers when the name is gone, and removes the bytes a moment later: killed in between, it forgets them."""
    s3 = own_servers.s3
    erased, kept = [os.urandom(64) for _ in range(40)], os.urandom(64)
    versions = [s3.client().put_object(Bucket=BUCKET, Key=one.hex(), Body=one * 9)["VersionId"] for one in erased]
    s3.client().put_object(Bucket=BUCKET, Key="kept", Body=kept)
    assert _in_files(s3.directory, erased) == set(erased)
    for one, version in zip(erased, versions, strict=True):
        s3.client().delete_object(Bucket=BUCKET, Key=one.hex(), VersionId=version)
    running = s3.running()
    assert running is not None
    _kill_tree(running.pid)
    s3.start()
    assert _in_files(s3.directory, erased) == set()
    assert s3.client().get_object(Bucket=BUCKET, Key="kept")["Body"].read() == kept


def _in_files(folder: Path, needles: Sequence[bytes]) -> set[bytes]:
    """Those of which the raw bytes of some file hold a copy."""
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {needle for needle in needles if any(needle in content for content in contents)}


async def test_a_full_disk_stops_writers_and_loses_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, throwaway_servers(disk) as servers, fresh_database(servers) as dsn:
        async with running(_quick(servers, dsn, tmp_path)) as service, holding(service) as holder:
            owner, other = (await sign_up(service)).id, (await sign_up(service)).id
            kept = await photo(holder, other, b"kept")
            made: list[Artifact] = [await photo(holder, owner)]
            _resize(disk, _used(disk))
            with pytest.raises(Unavailable):
                await _until_it_fails(holder, owner, made)
            await asyncio.to_thread(_every_name_refused, servers)
            _resize(disk, DISK_BYTES)
            await asyncio.to_thread(servers.postgres.start)
            await asyncio.to_thread(servers.s3.start)
            heard: list[GovernanceError] = []
            writer = asyncio.create_task(_write_on(holder, owner, made, heard))
            before = len(made)
            await eventually(lambda: _enough(made, before + 2, [writer]), within_s=180)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            for one, data in [(kept, b"kept"), *((one, b"a face") for one in made)]:
                async with holder.plaintext(one.id, Purpose.TRAINING) as buffer:
                    assert bytes(buffer) == data
            await completed(service, (await service.erase(owner)).id)
            assert await service.parts.store.keys() == [kept.location]


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own, whose size can be changed; needs root."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=755", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def _resize(disk: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


def _used(disk: Path) -> int:
    room = os.statvfs(disk)
    return (room.f_blocks - room.f_bfree) * room.f_frsize


async def _until_it_fails(holder: Holder, owner: SubjectId, made: list[Artifact]) -> None:
    for _ in range(200):
        try:
            made.append(await holder.write(NewArtifact(Kind.PHOTO, (owner,), Purpose.TRAINING), b"a face"))
        except LeaseLost as error:
            raise Unavailable from error


def _every_name_refused(servers: Servers) -> None:
    """The table of names of S3 has several parts; each hears of the full disk."""
    client = servers.s3.client()

    def refused(number: int) -> bool:
        try:
            client.put_object(Bucket=BUCKET, Key=f"full-{number}", Body=b"")
        except (ClientError, BotoCoreError):
            return True
        return False

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(refused, range(80))) >= 1, "the disk was not full"


async def test_s3_stopped_during_an_erasure(own_servers: Servers, tmp_path: Path) -> None:
    with fresh_database(own_servers) as dsn:
        async with running(_quick(own_servers, dsn, tmp_path, 0.5)) as service, holding(service) as holder:
            owner = (await sign_up(service)).id
            made = await photo(holder, owner)
            process = psutil.Process(own_servers.s3.running().pid)  # type: ignore[union-attr]
            process.suspend()
            try:
                request = await service.erase(owner)
                with pytest.raises(GovernanceError):
                    await service.artifact(made.id)
            finally:
                process.resume()
            await completed(service, request.id)
            assert await service.parts.store.keys() == []


def _quick(servers: Servers, dsn: str, folder: Path, timeout_s: float = 3.0) -> GovernanceSettings:
    """Gives up on the servers soon; leases outlast a pause of the machine."""
    settings = settings_for(servers, dsn, folder, lease_s=8.0, patience_s=3.0)
    blobs = settings.blobs.model_copy(update={"timeout_s": timeout_s})
    return settings.model_copy(update={"blobs": blobs})


async def _write_on(holder: Holder, owner: SubjectId, made: list[Artifact], heard: list[GovernanceError]) -> None:
    while True:
        try:
            made.append(await photo(holder, owner))
        except (Unavailable, LeaseLost) as error:
            heard.append(error)
            await asyncio.sleep(0.05)


async def _enough(done: Sequence[object], count: int, writers: Sequence[asyncio.Task[None]]) -> bool:
    for writer in writers:
        if writer.done():
            writer.result()
    return len(done) >= count


def _kill_tree(pid: int) -> None:
    """The server and its children, as the kernel would when memory runs out."""
    parent = psutil.Process(pid)
    for process in (parent, *parent.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs([parent], timeout=10)
