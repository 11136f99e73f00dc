"""Chores stop when they are told to, also at the moment they are woken."""

import asyncio
import itertools

from governance.background import Background, Chore, end


async def test_a_chore_woken_at_the_moment_of_its_end_still_ends() -> None:
    async def work() -> None:
        """Nothing to do."""

    background = Background()
    background.start((Chore("idle", 60.0, work),))
    await asyncio.sleep(0.01)
    background.wake("idle")
    await asyncio.wait_for(background.stop(), 5)


async def test_what_is_being_done_comes_to_its_end() -> None:
    begun, done = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.sleep(0.05)
        done.set()

    background = Background()
    background.start((Chore("slow", 60.0, work),))
    await begun.wait()
    await background.stop()
    assert done.is_set()


async def test_work_that_forgets_a_cancellation_is_told_again() -> None:
    forgot = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if forgot.is_set():
                raise
            forgot.set()

    task = asyncio.create_task(work_twice(work))
    await asyncio.sleep(0)
    await asyncio.wait_for(end([task]), 5)
    assert forgot.is_set()


async def work_twice(work) -> None:
    await work()
    await work()


async def test_a_chore_that_is_woken_often_rests_in_between_and_misses_nothing() -> None:
    asked, done_at, seen = 0, [], 0

    async def work() -> None:
        nonlocal seen
        seen = asked
        done_at.append(asyncio.get_running_loop().time())

    background = Background()
    background.start((Chore("busy", 60.0, work, rest_s=0.05),))
    for _ in range(30):
        await asyncio.sleep(0.005)
        asked += 1
        background.wake("busy")
    async with asyncio.timeout(5):
        while seen < asked:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await background.stop()
    gaps = [later - earlier for earlier, later in itertools.pairwise(done_at)]
    assert min(gaps) >= 0.049
