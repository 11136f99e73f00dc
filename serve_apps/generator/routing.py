"""Which replica gets an order: one where its adapter is resident, unless that one is far behind.

Keeping an adapter's orders together saves loading it again; letting them go elsewhere as soon as its replicas are
`SPREAD` steps behind the least busy one lets a hot adapter become resident in as many replicas as it needs. Replicas
report about once a second; what was sent to one since its last report is added to it, so that a burst spreads, too.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ray.serve.request_router import FIFOMixin, PendingRequest, ReplicaID, RequestRouter, RunningReplica

from serve_apps.generator.scaling import QUEUED_STEPS
from serve_apps.generator.wire import Call

RESIDENT = "resident"
REPORT = "report"
SPREAD = 100.0
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Load:
    """What a replica told last: where it is with its work, and whether it has the adapter in question."""

    queued_steps: float
    resident: bool


def ranked(loads: Sequence[Load], spread: float = SPREAD) -> list[list[int]]:
    """Indices of replicas in groups, the best first: those with the adapter that are not too far behind, then the
    others; in a group by how much waits there."""
    if not loads:
        return []
    least = min(load.queued_steps for load in loads)
    near = [n for n, load in enumerate(loads) if load.resident and load.queued_steps <= least + spread]
    far = [n for n in range(len(loads)) if n not in near]
    groups = [sorted(group, key=lambda n: loads[n].queued_steps) for group in (near, far)]
    return [[n] for group in groups for n in group]


class Sent:
    """The steps sent to each replica since its last report."""

    def __init__(self) -> None:
        self._sent: dict[str, tuple[int, float]] = {}

    def add(self, replica: str, steps: float) -> None:
        """A call of so many steps went there."""
        report, before = self._sent.get(replica, (0, 0.0))
        self._sent[replica] = (report, before + steps)

    def since(self, replica: str, report: int) -> float:
        """What `report`, the replica's latest, cannot know of yet."""
        last, steps = self._sent.get(replica, (report, 0.0))
        if last != report:
            steps = 0.0
        self._sent[replica] = (report, steps)
        return steps

    def keep(self, replicas: Collection[str]) -> None:
        """Forget replicas that are gone."""
        self._sent = {replica: sent for replica, sent in self._sent.items() if replica in replicas}


class AdapterRouter(FIFOMixin, RequestRouter):
    """Ray Serve's router for the generator; replicas tell their load by `record_routing_stats`."""

    def initialize_state(self, **kwargs: Any) -> None:
        """`spread`: how many steps an adapter's replica may be behind before others are taken."""
        self._spread = float(kwargs.get("spread", SPREAD))
        self._last: OrderedDict[str, ReplicaID] = OrderedDict()
        self._sent = Sent()

    async def choose_replicas(
        self, candidate_replicas: list[RunningReplica], pending_request: PendingRequest | None = None
    ) -> list[list[RunningReplica]]:
        """Groups of replicas to ask, in order."""
        adapter = _adapter_of(pending_request)
        self._sent.keep({replica.replica_id.unique_id for replica in candidate_replicas})
        loads = [self._load(replica, adapter) for replica in candidate_replicas]
        return [[candidate_replicas[n] for n in group] for group in ranked(loads, self._spread)]

    def on_request_routed(self, pending_request: PendingRequest, replica_id: ReplicaID, result: Any) -> None:
        """The replica will have the adapter, and the work, before it next tells so."""
        call = _call_of(pending_request)
        if call is not None:
            self._sent.add(replica_id.unique_id, call.steps)
        adapter = _adapter_of(pending_request)
        if adapter is not None:
            self._last[adapter] = replica_id
            self._last.move_to_end(adapter)
            while len(self._last) > REMEMBERED:
                self._last.popitem(last=False)

    def _load(self, replica: RunningReplica, adapter: str | None) -> Load:
        told: Mapping[str, Any] = replica.routing_stats or {}
        resident = adapter is not None and (
            adapter in told.get(RESIDENT, ()) or self._last.get(adapter) == replica.replica_id
        )
        untold = self._sent.since(replica.replica_id.unique_id, int(told.get(REPORT, 0)))
        return Load(float(told.get(QUEUED_STEPS, 0.0)) + untold, resident)


def _call_of(pending: PendingRequest | None) -> Call | None:
    call = pending.args[0] if pending is not None and pending.args else None
    return call if isinstance(call, Call) else None


def _adapter_of(pending: PendingRequest | None) -> str | None:
    call = _call_of(pending)
    return None if call is None else call.adapter
