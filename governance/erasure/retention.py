"""A shorter retention for what is kept already (I4, P6.1).

Registration computes an artifact's deadline by the policy of that day. When a later policy keeps a kind for less time,
the promise holds for old artifacts too, and for what was made from them. A longer retention changes nothing: nobody was
promised less than what the policy said when the data came.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.ledger import retention
from governance.ledger.database import Connection, Database
from governance.ledger.leaves import record
from governance.policy import Policy

_BATCH = 1000
INHERITED = "derived"


class Retention:
    """Brings deadlines in line with the policy, in batches beside the running service."""

    def __init__(self, database: Database, policy: Policy, clock: Clock) -> None:
        self._database, self._policy, self._clock = database, policy, clock

    async def shorten(self) -> Mapping[str, int]:
        """How many deadlines became earlier, by kind and, as `derived`, by what they were made from.

        Safe to interrupt and to repeat: what is done stays done, and a second run changes nothing.
        """
        counts = {}
        for kind, kept in self._policy.retention.items():
            if kept is not None:
                counts[kind.value] = await self._all(partial(retention.shorten, kind=kind, kept=kept, limit=_BATCH))
        # Children first see their parents' new deadlines, then hand them on: until nothing changes any more.
        counts[INHERITED] = await self._all(partial(retention.inherit, limit=_BATCH))
        return {what: count for what, count in counts.items() if count}

    async def _all(self, batch: Callable[[Connection], Awaitable[int]]) -> int:
        total = 0
        while changed := await self._one(batch):
            total += changed
        return total

    async def _one(self, batch: Callable[[Connection], Awaitable[int]]) -> int:
        async with self._database.transaction() as conn:
            changed = await batch(conn)
            if changed:
                leaf = Leaf(event=LeafEvent.RETENTION_SHORTENED, at=self._clock(), counts={"artifacts": changed})
                await record(conn, [leaf])
            return changed
