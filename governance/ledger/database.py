"""A pool of connections, transactions, and what is retried: the one place where PostgreSQL's failures become ours."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.errors import DeadlockDetected, PipelineAborted, SerializationFailure
from psycopg.pq import PipelineStatus
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
    """Transactions on a pool. Raises `Unavailable` when PostgreSQL cannot be reached, has no room left, or broke a tie
    against them."""

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
            # Transactions are begun and ended by `transaction` alone.
            kwargs={**parameters(settings), "autocommit": True},
            open=False,
        )
        await pool.open()
        return cls(pool)

    async def close(self) -> None:
        await self._pool.close(timeout=2.0)

    @asynccontextmanager
    async def transaction(self, pipelined: bool = False) -> AsyncIterator[Connection]:
        """One transaction, committed and durable when the block ends without an error.

        With `pipelined`, statements leave without an answer to those before them, and the commit with the last of them:
        only what is fetched is waited for. What a statement did wrong is then heard of at the next fetch, or at the end
        of the block; `COPY` and a cursor's `rowcount` have no place there."""
        try:
            async with self._once(pipelined) as conn:
                yield conn
        except (DeadlockDetected, SerializationFailure) as error:
            raise Unavailable("the ledger is too busy") from error

    @asynccontextmanager
    async def _once(self, pipelined: bool) -> AsyncIterator[Connection]:
        lent: Connection | None = None
        try:
            async with self._pool.connection() as conn, _pipeline(conn) if pipelined else conn.transaction():
                lent = conn
                yield conn
        except psycopg.Error as error:
            if not _is_outage(error, lent):
                raise
            _SELDOM.warning("postgresql cannot answer: %s", type(error).__name__)
            raise Unavailable("the ledger cannot be reached now") from error

    async def run(self, work: Callable[[Connection], Awaitable[T]], pipelined: bool = False) -> T:
        """`work` in one transaction, again when PostgreSQL broke a tie between two transactions against it."""
        for _ in range(_RETRIES):
            try:
                async with self._once(pipelined) as conn:
                    return await work(conn)
            except (DeadlockDetected, SerializationFailure):
                _LOG.info("a transaction lost a tie and is repeated")
        raise Unavailable("the ledger is too busy")


@asynccontextmanager
async def _pipeline(conn: Connection) -> AsyncIterator[None]:
    """Not `conn.transaction()`: that one waits for its beginning, and for everything before it commits. After an error
    the pool rolls back."""
    async with conn.pipeline():
        await conn.execute("BEGIN", prepare=False)
        yield
        await conn.execute("COMMIT", prepare=False)


async def together(*asked: Awaitable[Any]) -> Sequence[Any]:
    """The answers to questions of which none needs another's answer: in a pipeline they share one way to PostgreSQL and
    back. They are asked in this order; an error is raised when none of them uses the connection any more."""
    answers = await asyncio.gather(*asked, return_exceptions=True)
    errors = [answer for answer in answers if isinstance(answer, BaseException)]
    if errors:
        # Whoever reads the answers first hears what went wrong, the others only that the pipeline ended.
        raise next((error for error in errors if not isinstance(error, PipelineAborted)), errors[0])
    return answers


def is_pipelined(conn: Connection) -> bool:
    """Whether it is lent by `transaction(pipelined=True)`."""
    return conn.info.pipeline_status is not PipelineStatus.OFF


def _is_outage(error: psycopg.Error, conn: Connection | None) -> bool:
    """Whether PostgreSQL is away, rather than having refused what was asked."""
    if isinstance(error, DeadlockDetected | SerializationFailure):
        return False
    away = isinstance(error, PoolTimeout | psycopg.OperationalError | psycopg.InterfaceError)
    return away or (conn is not None and conn.closed)
