"""A service on embedded servers for one measurement."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from uuid import uuid4

import psycopg
from pydantic import SecretStr

from cluster.embedded.throwaway import Servers
from governance.blobs.memory import MemoryBlobStore
from governance.bootstrap import Extras
from governance.clock import utc_now
from governance.config import (
    BlobSettings,
    GovernanceSettings,
    LeaseSettings,
    LedgerSettings,
    VaultSettings,
)
from governance.erasure.steps import no_scan
from governance.holder import Holder
from governance.model import HolderKind, NewAccount, SubjectId
from governance.policy import shipped
from governance.service import GovernanceService

REGION = "eu-north-1"


@dataclass(frozen=True, slots=True)
class Scene:
    service: GovernanceService
    holder: Holder
    settings: GovernanceSettings

    async def sign_up(self) -> SubjectId:
        return (await self.service.create_account(NewAccount(uuid4().bytes * 2, "$argon2id$", REGION))).id


def settings_for(servers: Servers, folder: Path) -> GovernanceSettings:
    """An empty database and a bucket of its own; PostgreSQL flushes every commit to disk, as in service."""
    name, address = f"b{uuid4().hex[:16]}", servers.s3.address
    with psycopg.connect(servers.postgres.address.dsn("postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    return GovernanceSettings(
        ledger=LedgerSettings(dsn=servers.postgres.address.dsn(name), batch=1024),
        blobs=BlobSettings(
            bucket=name,
            endpoint=address.endpoint,
            access_key=address.access_key,
            secret_key=SecretStr(address.secret_key),
        ),
        vault=VaultSettings(key_file=folder / "governance.key"),
        leases=LeaseSettings(ttl_s=60),
    )


@asynccontextmanager
async def scene(servers: Servers, real_store: bool = False) -> AsyncIterator[Scene]:
    """Bytes lie in memory unless `real_store`: then in S3."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_for(servers, Path(folder))
        store = None if real_store else MemoryBlobStore()
        service = await GovernanceService.open(settings, Extras(shipped(), utc_now, no_scan, store=store))
        holder = await Holder.open(service, service.parts.store, kind=HolderKind.TOOL, region=REGION)
        try:
            yield Scene(service, holder, settings)
        finally:
            await holder.close()
            await service.close()


async def rate(operation: Callable[[int], Awaitable[object]], count: int, callers: int) -> float:
    """Operations per second of `callers` that each wait for their answer before they ask again."""
    numbers = iter(range(count))

    async def caller() -> None:
        for number in numbers:
            await operation(number)

    started = perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return count / (perf_counter() - started)


async def timed_ms(operation: Callable[[], Awaitable[object]]) -> float:
    started = perf_counter()
    await operation()
    return (perf_counter() - started) * 1000


def p99(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]
