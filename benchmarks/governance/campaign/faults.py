"""What befalls a round: workers killed at a fail point, servers killed or stalled under them. Decided by a seed."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from enum import StrEnum

import psutil

from cluster.embedded.throwaway import Servers
from cluster.processes import ProcessMark
from governance.failpoints import FailPoint

_STALL_S = 1.5
_MAKING = (
    FailPoint.WRITE_REGISTERED,
    FailPoint.WRITE_STORED,
    FailPoint.WRITE_COMMITTED,
    FailPoint.REGISTER_ROWS,
    FailPoint.COMMIT_ROWS,
    FailPoint.GRANT_ROWS,
)
POINTS = {"make": _MAKING, "erase": tuple(point for point in FailPoint if point not in _MAKING)}
"""Where each phase can be killed."""


class ServerFault(StrEnum):
    NONE = "none"
    POSTGRES_KILLED = "postgresql-killed"
    POSTGRES_STALLED = "postgresql-stalled"
    S3_KILLED = "s3-killed"
    S3_STALLED = "s3-stalled"


def points(chance: random.Random, phase: str) -> list[tuple[FailPoint, int]]:
    """None, one or two places to be killed at, one after the other, each with how often it is passed before."""
    return [(chance.choice(POINTS[phase]), chance.randint(1, 6)) for _ in range(chance.choice((0, 1, 1, 2)))]


def server_fault(chance: random.Random) -> ServerFault:
    faults: list[ServerFault] = [ServerFault.NONE, *ServerFault]
    return chance.choice(faults)


async def befall(servers: Servers, fault: ServerFault, after_s: float) -> None:
    """Wait, strike, and bring the server back."""
    await asyncio.sleep(after_s)
    await _STRIKES[fault](servers)


async def _nothing(servers: Servers) -> None:
    """Some rounds have healthy servers."""


async def _kill_postgres(servers: Servers) -> None:
    _kill(servers.postgres.running())
    await asyncio.to_thread(servers.postgres.start)


async def _kill_s3(servers: Servers) -> None:
    _kill(servers.s3.running())
    await asyncio.to_thread(servers.s3.start)


async def _stall_postgres(servers: Servers) -> None:
    await _stall(servers.postgres.running())


async def _stall_s3(servers: Servers) -> None:
    await _stall(servers.s3.running())


_STRIKES: dict[ServerFault, Callable[[Servers], Awaitable[None]]] = {
    ServerFault.NONE: _nothing,
    ServerFault.POSTGRES_KILLED: _kill_postgres,
    ServerFault.POSTGRES_STALLED: _stall_postgres,
    ServerFault.S3_KILLED: _kill_s3,
    ServerFault.S3_STALLED: _stall_s3,
}


def _family(mark: ProcessMark | None) -> list[psutil.Process]:
    assert mark is not None, "the server runs"
    parent = psutil.Process(mark.pid)
    return [parent, *parent.children(recursive=True)]


def _kill(mark: ProcessMark | None) -> None:
    """All at once, as the kernel would when memory runs out."""
    family = _family(mark)
    _each(family, psutil.Process.kill)
    psutil.wait_procs(family, timeout=10)


async def _stall(mark: ProcessMark | None) -> None:
    family = _family(mark)
    _each(family, psutil.Process.suspend)
    await asyncio.sleep(_STALL_S)
    _each(family, psutil.Process.resume)


def _each(family: Iterable[psutil.Process], act: Callable[[psutil.Process], None]) -> None:
    """A server's helpers come and go."""
    for process in family:
        with suppress(psutil.NoSuchProcess):
            act(process)
