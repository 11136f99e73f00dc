"""A governance service on servers that run for the tests: its own database and buckets each time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from cluster.embedded.postgres import EmbeddedPostgres
from cluster.embedded.throwaway import Servers
from governance.blobs.s3 import S3BlobStore
from governance.bootstrap import Extras
from governance.clock import Clock
from governance.config import (
    BlobSettings,
    ErasureSettings,
    GovernanceSettings,
    LeaseSettings,
    LedgerSettings,
    QueueSettings,
    VaultSettings,
)
from governance.erasure.steps import no_scan
from governance.holder import Holder
from governance.ledger import fences
from governance.ledger.database import Connection, Database
from governance.ledger.migrate import migrate
from governance.model import (
    Artifact,
    HolderKind,
    Kind,
    NewAccount,
    NewArtifact,
    Purpose,
    Request,
    RequestId,
    RequestState,
    Subject,
    SubjectId,
)
from governance.policy import shipped
from governance.service import GovernanceService
from tests.support.waiting import eventually

REGION = "eu-north-1"


@contextmanager
def fresh_database(servers: Servers, migrated: bool = False) -> Iterator[str]:
    """An empty database, or with `migrated` one with empty tables, which is quicker than to migrate it; gives its DSN.
    At the end it goes, and the buckets of `settings_for` with it: the volumes that a bucket takes are counted."""
    name = f"t{uuid4().hex[:16]}"
    admin = servers.postgres.address.dsn("postgres")
    template = _migrated_once(servers.postgres) if migrated else "template1"
    with psycopg.connect(admin, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log")
    try:
        yield servers.postgres.address.dsn(name)
    finally:
        with psycopg.connect(admin, autocommit=True) as conn:
            conn.execute(f"DROP DATABASE {name} WITH (FORCE)")
        _drop_buckets(servers, name)


@cache
def _migrated_once(postgres: EmbeddedPostgres) -> str:
    """The name of a database with all migrations and nothing else."""
    name = f"m{uuid4().hex[:16]}"
    with psycopg.connect(postgres.address.dsn("postgres"), autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}")
    asyncio.run(_migrate(postgres.address.dsn(name)))
    return name


async def _migrate(dsn: str) -> None:
    database = await Database.open(LedgerSettings(dsn=dsn))
    await migrate(database)
    await database.close()


def _drop_buckets(servers: Servers, prefix: str) -> None:
    """Bytes and all, as this server allows."""
    client = servers.s3.client()
    for bucket in client.list_buckets(Prefix=prefix)["Buckets"]:
        if bucket["Name"].startswith(prefix):
            client.delete_bucket(Bucket=bucket["Name"])


def settings_for(
    servers: Servers, dsn: str, folder: Path, lease_s: float = 4.0, patience_s: float = 20.0
) -> GovernanceSettings:
    """Quick leases and polls; a bucket of its own, named like the database. `patience_s`: with a silent PostgreSQL."""
    address = servers.s3.address
    return GovernanceSettings(
        ledger=LedgerSettings(dsn=dsn, connect_timeout_s=patience_s),
        blobs=BlobSettings(
            bucket=conninfo_to_dict(dsn).get("dbname") or f"t{uuid4().hex[:16]}",
            endpoint=address.endpoint,
            region=REGION,
            access_key=address.access_key,
            secret_key=SecretStr(address.secret_key),
        ),
        vault=VaultSettings(key_file=folder / "governance.key"),
        leases=LeaseSettings(ttl_s=lease_s),
        erasure=ErasureSettings(poll_s=0.05, step_lease_s=1.0),
        queue=QueueSettings(heartbeat_s=5),
    )


@asynccontextmanager
async def running(settings: GovernanceSettings, extras: Extras | None = None) -> AsyncIterator[GovernanceService]:
    """A service for the length of the block."""
    service = await GovernanceService.open(settings, extras)
    try:
        yield service
    finally:
        await service.close()


@asynccontextmanager
async def holding(service: GovernanceService, kind: HolderKind = HolderKind.INGRESS) -> AsyncIterator[Holder]:
    """A holder with a lease for the length of the block."""
    holder = await Holder.open(service, service.parts.store, kind=kind, region=REGION)
    try:
        yield holder
    finally:
        await holder.close()


async def sign_up(service: GovernanceService) -> Subject:
    """A new person with an account."""
    return await service.create_account(NewAccount(uuid4().bytes * 2, "$argon2id$v=19$hash", REGION))


async def photo(
    holder: Holder, owner: SubjectId, data: bytes = b"a face", parents: tuple[Artifact, ...] = ()
) -> Artifact:
    """A stored photo, or a crop of the parents given."""
    kind = Kind.CROP if parents else Kind.PHOTO
    ids = tuple(one.id for one in parents)
    return await holder.write(NewArtifact(kind, (owner,), Purpose.TRAINING, ids), data)


def store_of(service: GovernanceService) -> S3BlobStore:
    """The real bucket behind a service."""
    store = service.parts.store
    assert isinstance(store, S3BlobStore)
    return store


def with_clock(clock: Clock) -> Extras:
    """The defaults with a clock that the test turns."""
    return Extras(shipped(), clock, no_scan)


async def completed(service: GovernanceService, id: RequestId) -> Request:
    """The request when all its steps are done."""

    async def look() -> Request | None:
        request = await service.request(id)
        return request if request.state is RequestState.COMPLETED else None

    request = await eventually(look)
    assert request is not None
    return request


@asynccontextmanager
async def gate_kept_open(service: GovernanceService) -> AsyncIterator[Connection]:
    """A transaction in which no fence can stand; what happens in the block happens before the fence that waits."""
    async with service.parts.database.transaction() as conn:
        await fences.pass_through(conn)
        yield conn


async def somebody_waits(service: GovernanceService) -> None:
    """Until a statement of this service's database waits for a lock."""

    async def waiting() -> bool:
        async with service.parts.database.transaction() as conn:
            cursor = await conn.execute(
                "SELECT EXISTS (SELECT FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock')"
            )
            row = await cursor.fetchone()
            return row is not None and row[0]

    await eventually(waiting)
