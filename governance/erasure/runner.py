"""Takes open requests and walks them to the end; safe to kill at any point and to run in several processes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta

import psycopg

from governance.config import ErasureSettings
from governance.erasure import steps
from governance.erasure.certify import certify
from governance.erasure.steps import Tools
from governance.errors import GovernanceError
from governance.failpoints import FailPoint, reach
from governance.ledger import requests
from governance.ledger.requests import Taken
from governance.model import By, Request, RequestId, RequestState
from governance.vault.keyring import Keyring

_LOG = logging.getLogger(__name__)
_AT_ONCE = 128
_LONGEST_REST_S = 300.0

Step = Callable[[Tools, Sequence[Request]], Awaitable[Sequence[Request]]]

STEPS: dict[RequestState, Step] = {
    RequestState.FENCED: steps.drop,
    RequestState.DROPPED: steps.delete,
    RequestState.DELETED: steps.scrub,
    RequestState.SCRUBBED: steps.notify,
    RequestState.NOTIFIED: steps.scan,
}
"""What follows each state; after SCANNED comes the certificate."""


class Runner:
    """The loop itself is `background.py`'s."""

    def __init__(self, tools: Tools, keys: Keyring, settings: ErasureSettings, epoch_s: float) -> None:
        self._tools, self._keys, self._settings = tools, keys, settings
        self._epoch = timedelta(seconds=epoch_s)

    async def run_due(self) -> int:
        """Walk every request that is due as far as it goes now; gives how many were taken."""
        async with self._tools.database.transaction() as conn:
            now = self._tools.clock()
            until = now + timedelta(seconds=self._settings.step_lease_s)
            taken = await requests.take(conn, now, until, _AT_ONCE)
        if taken:
            reach(FailPoint.STEP_TAKEN)
        together: dict[RequestState, list[Taken]] = {}
        for one in taken:
            together.setdefault(one.request.state, []).append(one)
        await asyncio.gather(*(self._walk(batch) for batch in together.values()))
        return len(taken)

    async def _walk(self, taken: Sequence[Taken]) -> None:
        """Those that are in the same state go on together; with whom one cannot go on rests."""
        poll_s = self._settings.poll_s
        longer = {one.request.id: min(_LONGEST_REST_S, poll_s * 2.0**one.attempts) for one in taken}
        asked_by = {one.request.id: one.by for one in taken}
        batch = [one.request for one in taken]
        while batch:
            moved, failed = await self._step(batch, asked_by)
            waiting = {one.id for one in batch} - {one.id for one in moved} - failed
            await self._put_back(waiting, dict.fromkeys(waiting, poll_s / 2), failed=False)
            await self._put_back(failed, longer, failed=True)
            longer = dict.fromkeys(longer, poll_s)
            batch = [one for one in moved if one.state is not RequestState.COMPLETED]

    async def _step(
        self, batch: Sequence[Request], asked_by: Mapping[RequestId, By]
    ) -> tuple[Sequence[Request], set[RequestId]]:
        """Those that moved, and those that failed. Where one of them fails, each is tried alone."""
        try:
            return await self._together(batch, asked_by), set()
        except (GovernanceError, psycopg.Error) as error:
            if len(batch) == 1:
                unforeseen = not isinstance(error, GovernanceError)
                _LOG.warning("%s rests at %s: %s", batch[0].id, batch[0].state, error, exc_info=unforeseen)
                return [], {batch[0].id}
        alone = await asyncio.gather(*(self._step([one], asked_by) for one in batch))
        return [one for moved, _ in alone for one in moved], {id for _, failed in alone for id in failed}

    async def _together(self, batch: Sequence[Request], asked_by: Mapping[RequestId, By]) -> Sequence[Request]:
        state = batch[0].state
        if state is RequestState.COMPLETED:
            return []
        if state is RequestState.SCANNED:
            return await certify(self._tools, batch, asked_by, await self._keys.signing_key(), self._epoch)
        return await STEPS[state](self._tools, batch)

    async def _put_back(self, ids: Iterable[RequestId], rests_s: Mapping[RequestId, float], failed: bool) -> None:
        now = self._tools.clock()
        next_at = {id: now + timedelta(seconds=rests_s[id]) for id in ids}
        if next_at:
            async with self._tools.database.transaction() as conn:
                await requests.put_back(conn, next_at, failed)
