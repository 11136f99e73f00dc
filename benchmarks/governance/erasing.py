"""How long a person waits until nothing can be read, and until the bytes are gone."""

import asyncio
from functools import partial
from time import perf_counter

from benchmarks.governance.scene import Scene, p99, scene, timed_ms
from cluster.embedded.throwaway import Servers
from governance.model import Kind, NewArtifact, Purpose, RequestState, SubjectId

_AT_ONCE = 32


async def _photos(on: Scene, owner: SubjectId, count: int) -> None:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def write() -> None:
        async with gate:
            await on.holder.write(NewArtifact(Kind.PHOTO, (owner,), Purpose.TRAINING), b"x" * 2048)

    await asyncio.gather(*(write() for _ in range(count)))


async def erase_account_s(servers: Servers, artifacts: int = 1000) -> float:
    """From the request to the signed certificate, with every version in S3 gone."""
    async with scene(servers, real_store=True) as on:
        owner = await on.sign_up()
        await _photos(on, owner, artifacts)
        started = perf_counter()
        request = await on.service.erase(owner)
        while (await on.service.request(request.id)).state is not RequestState.COMPLETED:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        spent = perf_counter() - started
        assert await on.service.parts.store.keys() == []
        return spent


async def fence_ms_p99(servers: Servers, samples: int = 100, artifacts: int = 50) -> float:
    """Until nothing of an account can be read, while others register all the time."""
    async with scene(servers) as on:
        owners = [await on.sign_up() for _ in range(samples)]
        for owner in owners:
            await _photos(on, owner, artifacts)
        stranger = await on.sign_up()
        noise = [asyncio.create_task(_keep_registering(on, stranger)) for _ in range(8)]
        times = [await timed_ms(partial(on.service.erase, owner)) for owner in owners]
        for one in noise:
            one.cancel()
        await asyncio.gather(*noise, return_exceptions=True)
        return p99(times)


async def key_destroy_ms_p99(servers: Servers, samples: int = 100) -> float:
    """One picture's key."""
    async with scene(servers) as on:
        owner = await on.sign_up()
        new = NewArtifact(Kind.PHOTO, (owner,), Purpose.TRAINING)
        made = [(await on.holder.write(new, b"x" * 2048)).id for _ in range(samples)]
        return p99([await timed_ms(partial(on.service.erase, id)) for id in made])


async def _keep_registering(on: Scene, owner: SubjectId) -> None:
    while True:
        await on.service.register(NewArtifact(Kind.PHOTO, (owner,), Purpose.TRAINING), on.holder.id)
