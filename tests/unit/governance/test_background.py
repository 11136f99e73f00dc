"""Chores stop when they are told to, also at the moment they are woken."""

import asyncio

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
