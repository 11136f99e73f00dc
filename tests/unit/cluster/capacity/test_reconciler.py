import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cluster.capacity.policy import CapacityPolicy, Demand, Supply, WaitReason
from cluster.capacity.reconciler import Reconciler
from cluster.observability.catalogue import CAPACITY_GAUGES, GOVERNANCE_GAUGES
from cluster.topology.model import Pool
from governance.errors import Unavailable
from governance.vitals import Vitals

HEALTHY = Vitals(0, 0, 0.0, None, 0, 7, 1, 60.0, 1, {"generator": 2}, 3, {"queued": 4}, 2, 90.0)


@dataclass
class Around:
    """A cluster that does what it is told."""

    supply: Supply
    demand: Demand
    health: Vitals | None = HEALTHY
    allowed: list[Mapping[str, int]] = field(default_factory=list)

    async def supplies(self) -> Sequence[Supply]:
        return [self.supply]

    async def demands(self) -> Sequence[Demand]:
        return [self.demand]

    async def allow(self, groups: Mapping[str, int]) -> None:
        self.allowed.append(groups)

    async def vitals(self) -> Vitals:
        if self.health is None:
            raise Unavailable("away")
        return self.health


@dataclass
class Told:
    values: dict[tuple[str, str], float] = field(default_factory=dict)

    def set(self, name: str, value: float, tag: str = "") -> None:
        assert name in {**CAPACITY_GAUGES, **GOVERNANCE_GAUGES}
        self.values[name, tag] = value


def made(around: Around) -> tuple[Reconciler, Told]:
    told = Told()
    return Reconciler(around, told, CapacityPolicy()), told


async def test_training_may_have_what_serving_leaves_also_when_it_wants_less() -> None:
    around = Around(Supply("eu", {Pool.SHARED: 4}), Demand("eu", 1, 1, 0, 1))
    await made(around)[0].look()
    assert around.allowed == [{"eu": 3}]


async def test_when_serving_grows_training_is_told_to_leave_and_the_wait_is_explained() -> None:
    around = Around(Supply("eu", {Pool.SHARED: 2}), Demand("eu", 2, 1, 1, 1))
    reconciler, told = made(around)
    outlook = await reconciler.look()
    assert around.allowed == [{"eu": 0}]
    assert {waits.reason for waits in outlook.waits} == {WaitReason.CHECKPOINTS, WaitReason.SERVING_FIRST}
    assert told.values["capacity_waiting", "serving_first"] == 1


async def test_when_serving_asks_for_more_than_there_is_training_keeps_the_groups_that_its_jobs_fill() -> None:
    around = Around(Supply("eu", {Pool.SHARED: 10}), Demand("eu", 8, 5, 5, 5))
    reconciler, told = made(around)
    await reconciler.look()
    assert around.allowed == [{"eu": 4}]
    assert told.values["capacity_waiting", "training_kept"] == 2


async def test_a_reason_that_is_gone_falls_to_zero() -> None:
    around = Around(Supply("eu", {Pool.SHARED: 1}), Demand("eu", 1, 1, 1, 0))
    reconciler, told = made(around)
    await reconciler.look()
    around.supply = Supply("eu", {Pool.SHARED: 2})
    await reconciler.look()
    assert told.values["capacity_waiting", "serving_first"] == 0


async def test_governance_is_told_down_and_capacity_goes_on_without_it() -> None:
    around = Around(Supply("eu", {Pool.SHARED: 2}), Demand("eu", 1, 1, 1, 1), health=None)
    reconciler, told = made(around)
    await reconciler.look()
    assert (told.values["governance_up", ""], around.allowed) == (0.0, [{"eu": 1}])
    around.health = HEALTHY
    await reconciler.look()
    assert told.values["governance_up", ""] == 1.0
    assert told.values["leases_live", "generator"] == 2
    assert told.values["audit_head", ""] == 7
    assert (told.values["deliveries_due", ""], told.values["delivery_late_s", ""]) == (2, 90.0)


async def test_devices_change_hands_while_governance_says_nothing_and_its_late_answer_is_heard() -> None:
    answering = asyncio.Event()

    class Slow(Around):
        async def vitals(self) -> Vitals:
            await answering.wait()
            return HEALTHY

    around, told = Slow(Supply("eu", {Pool.SHARED: 2}), Demand("eu", 2, 1, 1, 1)), Told()
    reconciler = Reconciler(around, told, CapacityPolicy(), patience_s=0.05)
    async with asyncio.timeout(10):
        await reconciler.look()
    assert (told.values["governance_up", ""], around.allowed) == (0.0, [{"eu": 0}])
    answering.set()
    assert (await reconciler.look()).vitals == HEALTHY
