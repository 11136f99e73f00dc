"""Batches of what many callers want at the same time; group commit: they share one transaction, so that one flush to
disk serves them all."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar, cast

import psycopg

from governance.errors import GovernanceError, Unavailable
from governance.ledger.database import Connection, Database

Op = TypeVar("Op")
Result = TypeVar("Result")
Work = Callable[[Sequence[Op]], Awaitable[Sequence["Result | GovernanceError"]]]
Apply = Callable[[Connection, Sequence[Op]], Awaitable[Sequence["Result | GovernanceError"]]]

_CROWD = 128
_WRITERS = 2


class Batcher(Generic[Op, Result]):
    """`work` answers every operation of a batch, in order, with a result or with the error for its caller alone.

    While one batch is being worked on the next one gathers; a caller without company is not kept waiting. A crowd gets
    a second worker, which prepares its batch while others work on the first."""

    def __init__(self, work: "Work[Op, Result]", max_batch: int) -> None:
        self._work = work
        self._max_batch = max_batch
        self._waiting: deque[tuple[Op, asyncio.Future[Result]]] = deque()
        self._writers: set[asyncio.Task[None]] = set()

    async def submit(self, op: Op) -> Result:
        """The operation's own result."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((op, future))
        if not self._writers or (len(self._waiting) >= _CROWD and len(self._writers) < _WRITERS):
            self._writers.add(asyncio.create_task(self._write()))
        return await future

    async def close(self) -> None:
        """Let what is waiting finish."""
        await asyncio.gather(*self._writers)

    async def _write(self) -> None:
        """Until nobody waits. It signs off itself, in the same turn of the loop as it saw that: whoever asks next, and
        that may be a caller that was just answered, must find either a writer that will look again or none."""
        try:
            while self._waiting:
                count = min(len(self._waiting), self._max_batch)
                await self._answer([self._waiting.popleft() for _ in range(count)])
                # Whoever was just answered may ask again at once, and then goes along with those who came meanwhile.
                await asyncio.sleep(0)
        finally:
            self._writers.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _answer(self, batch: Sequence[tuple[Op, asyncio.Future[Result]]]) -> None:
        ops = [op for op, _ in batch]
        try:
            results = await self._work(ops)
        except psycopg.Error as error:
            await self._isolate(batch, error)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the callers, not to this task
            _fail(batch, error)
        else:
            for (_, future), result in zip(batch, results, strict=True):
                _settle(future, result)

    async def _isolate(self, batch: Sequence[tuple[Op, asyncio.Future[Result]]], error: psycopg.Error) -> None:
        """One bad operation must not fail its neighbours: they are worked on one by one."""
        if len(batch) == 1:
            _fail(batch, error)
            return
        for one in batch:
            await self._answer([one])


class GroupCommit(Batcher[Op, Result]):
    """`apply` works on a batch in a transaction of its own; its answers are durable.

    A few operations are pipelined, since what they wait for is the way to PostgreSQL and back; those of a crowd may be
    copied, which a pipeline cannot. `apply` must work either way."""

    def __init__(self, database: Database, apply: "Apply[Op, Result]", max_batch: int) -> None:
        super().__init__(self._commit, max_batch)
        self._database = database
        self._apply = apply

    async def _commit(self, ops: Sequence[Op]) -> "Sequence[Result | GovernanceError]":
        return await self._database.run(lambda conn: self._apply(conn, ops), pipelined=len(ops) < _CROWD)


def _settle(future: "asyncio.Future[Result]", result: "Result | GovernanceError") -> None:
    if future.done():
        return
    if isinstance(result, GovernanceError):
        future.set_exception(result)
    else:
        future.set_result(result)


def _fail(batch: Sequence[tuple[Op, "asyncio.Future[Result]"]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(_own(error))


def _own(error: Exception) -> Exception:
    """One instance for each caller: a traceback grows on the instance that is raised."""
    return Unavailable(str(error), error.retry_after_s) if isinstance(error, Unavailable) else error
