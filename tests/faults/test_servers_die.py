"""PostgreSQL and S3 are killed and stalled under work: callers hear 503, nothing is lost, all resumes by itself."""

import asyncio
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from cluster.embedded.throwaway import Servers, throwaway_servers
from governance.errors import GovernanceError, LeaseLost, Unavailable
from governance.holder import Holder
from governance.ids import SubjectId
from governance.model import Artifact, Purpose
from governance.service import GovernanceService
from tests.support.governance import completed, fresh_database, holding, photo, running, settings_for, sign_up
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def own_servers() -> Iterator[Servers]:
    """Servers that may be killed without disturbing other tests."""
    with throwaway_servers() as servers:
        yield servers


async def test_postgresql_killed_under_writers(own_servers: Servers, tmp_path: Path) -> None:
    with fresh_database(own_servers) as dsn:
        async with running(settings_for(own_servers, dsn, tmp_path)) as service, holding(service) as holder:
            owner = (await sign_up(service)).id
            made: list[Artifact] = []
            writers = [asyncio.create_task(_write_on(holder, owner, made)) for _ in range(4)]
            await eventually(lambda: _enough(made, 4), within_s=30)
            _kill_tree(own_servers.postgres.running().pid)  # type: ignore[union-attr]
            with pytest.raises(Unavailable):
                await _until_unavailable(service, owner)
            await asyncio.to_thread(own_servers.postgres.start)
            before = len(made)
            await eventually(lambda: _enough(made, before + 4, writers), within_s=60)
            for writer in writers:
                writer.cancel()
            ends = await asyncio.gather(*writers, return_exceptions=True)
            assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends
            for one in made:
                async with holder.plaintext(one.id, Purpose.TRAINING) as buffer:
                    assert bytes(buffer) == b"a face"
            await completed(service, (await service.erase(owner)).id)
            assert await service.parts.store.keys() == []


async def test_s3_stopped_during_an_erasure(own_servers: Servers, tmp_path: Path) -> None:
    with fresh_database(own_servers) as dsn:
        settings = settings_for(own_servers, dsn, tmp_path)
        quick = settings.blobs.model_copy(update={"timeout_s": 0.5})
        async with running(settings.model_copy(update={"blobs": quick})) as service, holding(service) as holder:
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


async def _write_on(holder: Holder, owner: SubjectId, made: list[Artifact]) -> None:
    while True:
        try:
            made.append(await photo(holder, owner))
        except (Unavailable, LeaseLost):
            await asyncio.sleep(0.05)


async def _until_unavailable(service: GovernanceService, owner: SubjectId) -> None:
    for _ in range(100):
        await service.subject(owner)
        await asyncio.sleep(0.05)


async def _enough(made: list[Artifact], count: int, writers: Sequence[asyncio.Task[None]] = ()) -> bool:
    for writer in writers:
        if writer.done():
            writer.result()
    return len(made) >= count


def _kill_tree(pid: int) -> None:
    """The postmaster and its children, as the kernel would when memory runs out."""
    parent = psutil.Process(pid)
    for process in (parent, *parent.children(recursive=True)):
        os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs([parent], timeout=10)
