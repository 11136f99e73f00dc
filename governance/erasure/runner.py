"""Takes open requests and walks them to the end; safe to kill at any point and to run in several processes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from governance.config import ErasureSettings
from governance.erasure import steps
from governance.erasure.certify import certify
from governance.erasure.steps import Tools
from governance.errors import GovernanceError
from governance.failpoints import FailPoint, reach
from governance.ledger import requests
from governance.ledger.requests import Taken
from governance.model import Request, RequestState
from governance.vault.keyring import Keyring

_LOG = logging.getLogger(__name__)
_AT_ONCE = 8
_LONGEST_REST_S = 300.0

Step = Callable[[Tools, Request], Awaitable[bool]]

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
        await asyncio.gather(*(self._walk(one) for one in taken))
        return len(taken)

    async def _walk(self, taken: Taken) -> None:
        failed = False
        try:
            while await self._step(taken):
                async with self._tools.database.transaction() as conn:
                    taken = Taken(await requests.get(conn, taken.request.id), taken.by, 0)
        except GovernanceError as error:
            failed = True
            _LOG.warning("%s rests at %s: %s", taken.request.id, taken.request.state, error)
        await self._put_back(taken, failed)

    async def _step(self, taken: Taken) -> bool:
        request = taken.request
        if request.state is RequestState.COMPLETED:
            return False
        if request.state is RequestState.SCANNED:
            return await certify(self._tools, request, taken.by, await self._keys.signing_key(), self._epoch)
        return await STEPS[request.state](self._tools, request)

    async def _put_back(self, taken: Taken, failed: bool) -> None:
        rest_s = self._settings.poll_s / 2
        if failed:
            rest_s = min(_LONGEST_REST_S, self._settings.poll_s * 2.0**taken.attempts)
        async with self._tools.database.transaction() as conn:
            await requests.put_back(conn, taken.request.id, self._tools.clock() + timedelta(seconds=rest_s), failed)
