"""One process of the campaign: makes people and photos, or erases them; it kills itself where it is told.

    python -m benchmarks.governance.campaign.worker FOLDER make|erase [POINT HITS]

FOLDER holds `job.pickle`. A worker that is started again goes on where the diary ends.
"""

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from benchmarks.governance.campaign.diary import Diary, Person, content
from benchmarks.governance.scene import REGION
from governance.config import GovernanceSettings
from governance.errors import Gone, KeyUnavailable, LeaseLost, Unavailable
from governance.failpoints import FailPoint, arm
from governance.holder import Holder
from governance.ids import RequestId
from governance.model import HolderKind, Kind, NewAccount, NewArtifact, Purpose, RequestState
from governance.service import GovernanceService

T = TypeVar("T")
_REST_S = 0.05
_SLICE = slice(32, 64)
_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class Job:
    """`going` people are erased (every third by the photo, not by the account), `staying` ones are not."""

    settings: GovernanceSettings
    seed: int
    going: int
    staying: int
    rotate: bool


async def persist(work: Callable[[], Awaitable[T]]) -> T:
    """What a caller does who is told to come back later."""
    while True:
        try:
            return await work()
        except (Unavailable, LeaseLost, KeyUnavailable):
            await asyncio.sleep(_REST_S)


async def few_at_once(works: Iterable[Coroutine[Any, Any, object]]) -> None:
    """All of them; the first that fails fails the whole."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(work: Coroutine[Any, Any, object]) -> None:
        async with gate:
            await work

    await asyncio.gather(*map(one, works))


async def make(service: GovernanceService, holder: Holder, job: Job, diary: Diary) -> None:
    """A photo and a crop of it for everybody; the photo stays in memory, as a holder's would."""

    async def one(number: int) -> None:
        if number not in diary.people:
            # A killed worker may have signed somebody up without noting it: that is a person without data.
            new = NewAccount(uuid4().bytes * 2, "$argon2id$", REGION)
            subject = await persist(lambda: service.create_account(new))
            diary.signed_up(number, subject.id, number < job.going)
        await _photos(service, holder, job, diary, number)

    await few_at_once(one(number) for number in range(job.going + job.staying))


async def _photos(service: GovernanceService, holder: Holder, job: Job, diary: Diary, number: int) -> None:
    person = diary.people[number]
    for what in range(len(person.made), 2):
        parents = tuple(id for id, _ in person.made[:1])
        new = NewArtifact(Kind.CROP if parents else Kind.PHOTO, (person.id,), Purpose.TRAINING, parents)
        made = await persist(partial(holder.write, new, content(job.seed, number, what)))
        sealed = await persist(partial(service.parts.store.latest, made.location))
        diary.made(number, made.id, what, sealed[_SLICE])
    await persist(lambda: holder.hold(person.made[0][0], Purpose.TRAINING, lambda: None))


async def erase(service: GovernanceService, job: Job, diary: Diary) -> None:
    """Ask for all of them, wait for the certificates, end the epoch."""
    going = [(number, person) for number, person in diary.people.items() if person.goes]
    await few_at_once(_ask(service, diary, number, person) for number, person in going)
    for request in diary.requests:
        await persist(partial(completed, service, RequestId(request)))
    if job.rotate:
        await persist(service.parts.rotation.finish)
        await persist(service.parts.rotation.rotate)


async def _ask(service: GovernanceService, diary: Diary, number: int, person: Person) -> None:
    target: Any = person.made[0][0] if number % 3 == 2 else person.id
    try:
        request = await persist(lambda: service.erase(target))
    except Gone:
        return
    diary.asked(number, request.id, [id for id, _ in person.made])


async def completed(service: GovernanceService, id: RequestId) -> None:
    """Returns when its certificate is signed."""
    while (await service.request(id)).state is not RequestState.COMPLETED:  # noqa: ASYNC110
        await asyncio.sleep(_REST_S)


def kill_at(point: FailPoint, hits: int) -> None:
    """SIGKILL at the `hits`-th time."""
    reached = count(1)

    def act() -> None:
        if next(reached) == hits:
            os.kill(os.getpid(), signal.SIGKILL)

    arm(point, act)


@asynccontextmanager
async def opened(settings: GovernanceSettings) -> AsyncIterator[GovernanceService]:
    """A service, as soon as its servers answer."""
    service = await persist(lambda: GovernanceService.open(settings))
    try:
        yield service
    finally:
        await service.close()


async def main(folder: Path, phase: str) -> None:
    job: Job = pickle.loads((folder / "job.pickle").read_bytes())  # noqa: S301 - written by the campaign itself
    diary = Diary(folder)
    async with opened(job.settings) as service:
        if phase == "erase":
            await erase(service, job, diary)
            return
        store = service.parts.store
        holder = await persist(lambda: Holder.open(service, store, kind=HolderKind.TRAINER, region=REGION))
        await make(service, holder, job, diary)
        await holder.close()


if __name__ == "__main__":
    if len(sys.argv) > 3:
        kill_at(FailPoint(sys.argv[3]), int(sys.argv[4]))
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
