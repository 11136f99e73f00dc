"""Holders that the network loses, and servers that are far away (I6)."""

import asyncio
import os
import pickle
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cluster.embedded.throwaway import Servers
from cluster.ports import Port
from governance.config import GovernanceSettings
from governance.errors import Gone
from governance.ids import RequestId
from governance.model import Purpose, RequestState
from governance.residue.canary import Canary
from governance.residue.memory import process
from governance.residue.scanner import Scanner
from governance.service import GovernanceService
from tests.faults.network import HERE, FarNetwork, Relay, far_network, relayed
from tests.support.governance import completed, fresh_database, holding, photo, running, settings_for, sign_up
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(600)

SECRET = "Qv7-walrus-Zebra-lighthouse-0951"
LEASE_S = 4.0
REPOSITORY = Path(__file__).parents[2]
OVERWRITTEN = {
    "PYTHONMALLOC": "malloc",
    "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0",
}
"""As every process of the service that holds plaintext (`docs/decisions/0003-freed-memory.md`)."""


async def test_a_holder_that_is_cut_off_zeroes_by_itself_and_the_erasure_ends(servers: Servers, tmp_path: Path) -> None:
    scanner = Scanner([Canary.text("secret", SECRET)])
    with fresh_database(servers) as dsn, far_network() as network:
        settings = settings_for(servers, dsn, tmp_path, lease_s=LEASE_S)
        async with running(settings) as service, holding(service) as holder:
            owner, other = (await sign_up(service)).id, (await sign_up(service)).id
            going, staying = await photo(holder, owner, SECRET.encode()), await photo(holder, other, b"stays")
            async with _far(servers, settings, network, tmp_path, [going.id, staying.id]) as far:
                assert await _said(far) == "holding"
                assert await asyncio.to_thread(_traces, scanner, far.pid), "the scan must see what is held"
                await asyncio.to_thread(network.cut)

                request = await service.erase(owner)
                with pytest.raises(Gone):
                    await service.artifact(going.id)
                assert (await service.request(request.id)).state is RequestState.FENCED
                cleared = await eventually(lambda: _beyond_fence(service, request.id), within_s=180)
                said = await _said(far)
                assert said.startswith("dropped ")
                assert float(said.split()[1]) <= cleared, "nobody may be thought clear who still holds something"
                await completed(service, request.id)
                assert not await asyncio.to_thread(_traces, scanner, far.pid)

                await asyncio.to_thread(network.mend)
                assert far.stdin is not None
                far.stdin.write(b"go on\n")
                assert await _said(far) == "resumed stays"


async def test_far_away_servers_make_it_slow_and_nothing_else(servers: Servers, tmp_path: Path) -> None:
    with fresh_database(servers) as dsn:
        near = settings_for(servers, dsn, tmp_path, lease_s=20.0)
        async with _relays(servers, "127.0.0.1") as (postgres, s3):
            settings = _through(near, postgres, s3)
            async with running(settings) as service, holding(service) as holder:
                postgres.delay_s = s3.delay_s = 0.02
                owner, other = (await sign_up(service)).id, (await sign_up(service)).id
                made, kept = await photo(holder, owner), await photo(holder, other, b"kept")
                request = await service.erase(owner)
                await eventually(lambda: _completed(service, request.id), within_s=120)
                with pytest.raises(Gone):
                    await service.artifact(made.id)
                async with holder.plaintext(kept.id, Purpose.TRAINING) as buffer:
                    assert bytes(buffer) == b"kept"
                assert await service.parts.orphans.find() == []


@asynccontextmanager
async def _far(
    servers: Servers, settings: GovernanceSettings, network: FarNetwork, folder: Path, ids: list[str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The far holder, which reaches the servers over the wire alone."""
    async with _relays(servers, HERE) as (postgres, s3):
        (folder / "far.pickle").write_bytes(pickle.dumps(_through(settings, postgres, s3)))
        process = await asyncio.create_subprocess_exec(
            *network.prefix, sys.executable, "-m", "tests.faults.far_holder", str(folder), *ids,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=REPOSITORY, env=os.environ | OVERWRITTEN,
        )  # fmt: skip
        try:
            yield process
            await asyncio.wait_for(process.wait(), 180)
            assert process.returncode == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@asynccontextmanager
async def _relays(servers: Servers, host: str) -> AsyncIterator[tuple[Relay, Relay]]:
    s3_port = servers.s3.address.ports[Port.S3]
    async with relayed(servers.postgres.address.port, host) as postgres, relayed(s3_port, host) as s3:
        yield postgres, s3


def _through(settings: GovernanceSettings, postgres: Relay, s3: Relay) -> GovernanceSettings:
    """The same servers, reached through the relays."""
    known = conninfo_to_dict(settings.ledger.dsn) | {"host": postgres.host, "port": postgres.port}
    ledger = settings.ledger.model_copy(update={"dsn": make_conninfo(**known)})
    blobs = settings.blobs.model_copy(update={"endpoint": f"http://{s3.host}:{s3.port}", "timeout_s": 3.0})
    return settings.model_copy(update={"ledger": ledger, "blobs": blobs})


async def _said(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 180)
    assert line, "the far holder ended without a word"
    return line.decode().strip()


def _traces(scanner: Scanner, pid: int) -> int:
    return len(scanner.scan(process(pid, set())).findings)


async def _beyond_fence(service: GovernanceService, id: RequestId) -> float | None:
    state = (await service.request(id)).state
    return monotonic() if state is not RequestState.FENCED else None


async def _completed(service: GovernanceService, id: RequestId) -> bool:
    return (await service.request(id)).state is RequestState.COMPLETED
