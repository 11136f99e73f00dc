"""What waiting people are told, against what happens."""

from datetime import UTC, datetime, timedelta

import pytest

from governance.ids import JobId, SubjectId
from training.capacity import Beat
from training.foresight import Foresight
from training.queue import FairShare, Forecast, Lane, Waiting, WaitsFor
from training.simulation import Arrival, Fleet, Simulation

EU = frozenset({"eu"})
NOW = datetime(2030, 1, 1, tzinfo=UTC)
TURN = Forecast(3, 10.0, 30.0, WaitsFor.TURN)


def _id(number: int) -> JobId:
    return JobId(f"job_{number:032x}")


def _waiting(number: int, gpu_seconds: float = 10.0, owner: int = 0) -> Waiting:
    return Waiting(_id(number), SubjectId(f"sub_{owner:032x}"), "eu", gpu_seconds, 100, 0.0)


def test_jobs_that_take_twice_as_long_as_estimated_lengthen_what_is_foretold():
    foresight = Foresight(FairShare())
    queue = [_waiting(1), _waiting(2)]
    before = foresight.foresee(queue, [Lane(EU, 1000)])
    assert [one.ends_in_s for one in before.values()] == [10.0, 20.0]
    foresight.notice(queue, [])
    foresight.notice([], [Beat("w", "g", "eu", (20.0,), ((_id(1), 20.0),))])
    after = foresight.foresee(queue, [Lane(EU, 1000)])
    assert [one.ends_in_s for one in after.values()] == [20.0, 40.0]


def test_a_job_never_seen_in_the_queue_teaches_nothing():
    foresight = Foresight(FairShare())
    foresight.notice([], [Beat("w", "g", "eu", (20.0,), ((_id(9), 500.0),))])
    assert foresight.stretch == 1.0


def test_a_group_on_its_way_is_counted_on_when_it_usually_arrives():
    foresight = Foresight(FairShare(), startup_s=20.0)
    lane = Lane(EU, 1000)
    assert foresight.coming([5.0, 60.0], [lane]) == [Lane(EU, 1000, 15.0), Lane(EU, 1000, 1.0)]
    foresight.started(10.0)
    assert foresight.startup_s == 15.0


@pytest.mark.parametrize(
    ("later", "told"),
    [
        (Forecast(3, 8.5, 28.5, WaitsFor.TURN), False),
        (Forecast(2, 8.0, 28.0, WaitsFor.TURN), True),
        (Forecast(3, 12.0, 30.0, WaitsFor.TURN), True),
        (Forecast(3, None, None, WaitsFor.REGION), True),
    ],
)
def test_only_what_changed_is_told_again(later: Forecast, told: bool):
    foresight = Foresight(FairShare())
    first = foresight.news({_id(1): TURN}, NOW)
    assert first[_id(1)].starts_at == NOW + timedelta(seconds=10)
    again = foresight.news({_id(1): later}, NOW + timedelta(seconds=2))
    assert bool(again) is told


def test_a_job_that_comes_back_is_told_again():
    foresight = Foresight(FairShare())
    foresight.news({_id(1): TURN}, NOW)
    assert foresight.news({}, NOW) == {}
    assert _id(1) in foresight.news({_id(1): TURN}, NOW)


def test_starts_turn_out_true_when_the_day_is_played():
    """A full queue of uneven accounts: what is foretold at its beginning is off by a few per cent of the whole."""
    fleet = Fleet(workers=4, slots=4, gain=2.0)
    arrivals = [
        Arrival(_id(number), SubjectId(f"sub_{number % 7:032x}"), 0.0, 20.0 + 5 * (number % 5)) for number in range(160)
    ]
    policy = FairShare(aging=0.0, quota=1000)
    queue = [Waiting(job.id, job.owner, "eu", job.gpu_seconds, job.memory_mb, 0.0) for job in arrivals]
    foresight = Foresight(policy, stretch=1 / fleet.rate(fleet.slots))
    foretold = foresight.foresee(queue, [Lane(EU, 8192)] * (fleet.workers * fleet.slots))
    played = Simulation(arrivals, fleet, policy).run()
    off = sorted(abs(foretold[done.job.id].starts_in_s - done.waited_s) for done in played.done)
    assert off[len(off) // 2] < 0.05 * played.makespan_s
    assert off[-1] < 0.25 * played.makespan_s
