"""A pool of connections, transactions, and what is retried: the one place where PostgreSQL's failures become ours."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Self, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.errors import DeadlockDetected, SerializationFailure
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from governance.config import LedgerSettings
from governance.errors import Unavailable
from governance.ledger.session import parameters
from governance.seldom import SeldomLogger

Connection = AsyncConnection[TupleRow]
T = TypeVar("T")

_RETRIES = 5
_LOG = logging.getLogger(__name__)
_SELDOM = SeldomLogger(_LOG)


class Database:
    """Transactions on a pool. Raises `Unavailable` when PostgreSQL cannot be reached or has no room left."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, settings: LedgerSettings) -> Self:
        pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            settings.dsn,
            min_size=1,
            max_size=settings.connections,
            timeout=settings.connect_timeout_s,
            reconnect_timeout=0,
            kwargs=parameters(settings),
            open=False,
        )
        await pool.open()
        return cls(pool)

    async def close(self) -> None:
        await self._pool.close(timeout=2.0)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One transaction, committed and durable when the block ends without an error."""
        lent: Connection | None = None
        try:
            async with self._pool.connection() as conn, conn.transaction():
                lent = conn
                yield conn
        except psycopg.Error as error:
            if not _is_outage(error, lent):
                raise
            _SELDOM.warning("postgresql cannot answer: %s", type(error).__name__)
            raise Unavailable("the ledger cannot be reached now") from error

    async def run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """`work` in one transaction, again when PostgreSQL broke a tie between two transactions against it."""
        for _ in range(_RETRIES):
            try:
                async with self.transaction() as conn:
                    return await work(conn)
            except (DeadlockDetected, SerializationFailure):
                _LOG.info("a transaction lost a tie and is repeated")
        raise Unavailable("the ledger is too busy")


def _is_outage(error: psycopg.Error, conn: Connection | None) -> bool:
    """Whether PostgreSQL is away, rather than having refused what was asked."""
    if isinstance(error, DeadlockDetected | SerializationFailure):
        return False
    away = isinstance(error, PoolTimeout | psycopg.OperationalError | psycopg.InterfaceError)
    return away or (conn is not None and conn.closed)
