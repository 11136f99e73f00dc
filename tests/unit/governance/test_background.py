"""Chores stop when they are told to, also at the moment they are woken."""

import asyncio

from governance.background import Background, Chore


async def test_a_chore_woken_at_the_moment_of_its_end_still_ends() -> None:
    async def work() -> None:
        """Nothing to do."""

    background = Background()
    background.start((Chore("idle", 60.0, work),))
    await asyncio.sleep(0.01)
    background.wake()
    await asyncio.wait_for(background.stop(), 5)
