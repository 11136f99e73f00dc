"""Looks at the cluster, asks the policy, and does what it says; again and again.

It owns nothing: what it decided last is forgotten, and the next look begins from what is there. So it may die and start
again on any node, and two of them would do the same thing twice.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from cluster.capacity.policy import CapacityPolicy, Demand, Share, Supply, WaitReason, Waits, decide
from governance.errors import GovernanceError
from governance.vitals import Vitals

_LOG = logging.getLogger(__name__)


class Surroundings(Protocol):
    """What the reconciler looks at and acts on; `ray_surroundings.py` over Ray, a fake in tests."""

    async def supplies(self) -> Sequence[Supply]: ...

    async def demands(self) -> Sequence[Demand]: ...

    async def allow(self, groups: Mapping[str, int]) -> None: ...

    async def vitals(self) -> Vitals: ...


class Gauges(Protocol):
    """Where numbers go."""

    def set(self, name: str, value: float, tag: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class Outlook:
    """The last look: what each region got, and what waits for what."""

    shares: tuple[Share, ...] = ()
    vitals: Vitals | None = None

    @property
    def waits(self) -> tuple[Waits, ...]:
        return tuple(waits for share in self.shares for waits in share.waits)


class Reconciler:
    """One look at a time. `patience_s`: how long a look may wait for governance's numbers."""

    def __init__(self, around: Surroundings, gauges: Gauges, policy: CapacityPolicy, patience_s: float = 1.0) -> None:
        self._around, self._gauges, self._policy, self._patience_s = around, gauges, policy, patience_s
        self._tags: dict[str, set[str]] = {}
        self._asking: asyncio.Task[Vitals | None] | None = None
        self.outlook = Outlook()

    async def look(self) -> Outlook:
        """Observes, decides, applies, and tells."""
        supplies, demands = await asyncio.gather(self._around.supplies(), self._around.demands())
        shares = tuple(decide(supplies, demands, self._policy))
        await self._around.allow({share.region: share.room for share in shares})
        vitals = await self._vitals()
        self.outlook = Outlook(shares, vitals)
        self._tell(supplies, self.outlook)
        return self.outlook

    async def _vitals(self) -> Vitals | None:
        """None when governance has no answer yet: while it moves to another node, devices must change hands too. A late
        answer is the next look's."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        await asyncio.wait({self._asking}, timeout=self._patience_s)
        if not self._asking.done():
            _LOG.warning("governance does not answer within %s s", self._patience_s)
            return None
        answer, self._asking = self._asking.result(), None
        return answer

    async def _ask(self) -> Vitals | None:
        try:
            return await self._around.vitals()
        except GovernanceError as error:
            _LOG.warning("governance does not answer: %s", error.code)
            return None

    def _tell(self, supplies: Sequence[Supply], outlook: Outlook) -> None:
        self._family("capacity_gpus", {supply.region: supply.devices for supply in supplies})
        self._family("capacity_serving", {share.region: share.replicas for share in outlook.shares})
        self._family("capacity_training", {share.region: share.groups for share in outlook.shares})
        waiting = dict.fromkeys(map(str, WaitReason), 0.0)
        for waits in outlook.waits:
            waiting[waits.reason] += waits.count
        self._family("capacity_waiting", waiting)
        self._gauges.set("governance_up", float(outlook.vitals is not None))
        if outlook.vitals is not None:
            for name, value in numbers(outlook.vitals).items():
                self._gauges.set(name, value)
            self._family("leases_live", outlook.vitals.holders)
            self._family("jobs_unfinished", outlook.vitals.jobs)

    def _family(self, name: str, values: Mapping[str, float]) -> None:
        """A gauge for each tag; one that is gone falls to zero instead of staying as it was."""
        known = self._tags.setdefault(name, set())
        for tag in known - set(values):
            self._gauges.set(name, 0.0, tag)
        known |= set(values)
        for tag, value in values.items():
            self._gauges.set(name, float(value), tag)


def numbers(vitals: Vitals) -> Mapping[str, float]:
    """The gauges without tags. With no erasure open, a whole promise is left."""
    left = vitals.least_time_left_s
    return {
        "erasures_open": vitals.open_erasures,
        "erasures_overdue": vitals.overdue_erasures,
        "erasure_oldest_s": vitals.oldest_erasure_s,
        "erasure_least_time_left_s": PROMISE_S if left is None else left,
        "artifacts_past_deadline": vitals.past_deadline,
        "audit_head": vitals.audit_size,
        "epoch_number": vitals.epoch,
        "epoch_age_s": vitals.epoch_age_s,
        "epochs_alive": vitals.epochs_alive,
        "plaintexts_held": vitals.held,
        "deliveries_due": vitals.deliveries_due,
        "delivery_late_s": vitals.delivery_late_s,
        "notices_due": vitals.notices_due,
        "notice_late_s": vitals.notice_late_s,
    }


PROMISE_S = 7 * 86_400.0
