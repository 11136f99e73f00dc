"""Fair share at scale: the real policy code on thousands of jobs, against FIFO and against what nobody can beat."""

import pytest

from governance.ids import JobId, SubjectId
from training.queue import FairShare
from training.simulation import (
    Arrival,
    Fleet,
    Simulation,
    entitled,
    fairness,
    fifo,
    jain,
    offline_bound,
    percentile,
    skewed,
)

JOBS, ACCOUNTS, OVER_S = 2000, 200, 80.0
FLEET = Fleet(workers=200, slots=4, gain=3.0)
POLICY = FairShare(quota=400)


@pytest.fixture(scope="module")
def arrivals():
    return skewed(JOBS, ACCOUNTS, OVER_S, seed=1)


@pytest.fixture(scope="module")
def fair(arrivals):
    return Simulation(arrivals, FLEET, POLICY).run()


@pytest.fixture(scope="module")
def first_come(arrivals):
    return Simulation(arrivals, FLEET, POLICY, fifo).run()


def _modest(arrivals):
    """Accounts with few jobs each."""
    owners = [job.owner for job in arrivals]
    return frozenset(owner for owner in owners if owners.count(owner) <= 10)


def test_every_job_is_done_exactly_once(arrivals, fair):
    assert sorted(done.job.id for done in fair.done) == sorted(job.id for job in arrivals)
    assert all(done.finished_s >= done.waited_s >= 0 for done in fair.done)


def test_no_worker_idles_while_jobs_wait(fair, first_come):
    assert fair.utilisation > 0.9
    assert fair.utilisation > first_come.utilisation - 0.01


def test_accounts_get_what_they_are_entitled_to(arrivals, fair, first_come):
    assert fairness(arrivals, fair) > max(0.85, fairness(arrivals, first_come))


def test_people_with_few_jobs_do_not_wait_behind_those_with_many(arrivals, fair, first_come):
    modest = _modest(arrivals)
    assert percentile(fair.waits(modest), 0.99) < 0.2 * percentile(first_come.waits(modest), 0.99)


def test_fairness_costs_little_of_what_any_scheduler_could_do(arrivals, fair):
    assert offline_bound(arrivals, FLEET) <= fair.makespan_s < 2.5 * offline_bound(arrivals, FLEET)


def test_a_quota_holds_at_every_moment():
    one = SubjectId("sub_" + "0" * 32)
    jobs = [Arrival(JobId(f"job_{number:032x}"), one, 0.0, 10.0) for number in range(8)]
    played = Simulation(jobs, Fleet(workers=4, slots=2), FairShare(quota=2)).run()
    starts = sorted((done.waited_s, done.finished_s) for done in played.done)
    for start, _ in starts:
        assert sum(begin <= start < end for begin, end in starts) <= 2


def test_the_measures_themselves():
    assert jain([1, 1, 1, 1]) == 1
    assert jain([1, 0, 0, 0]) == 0.25
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 3.0
    owners = [SubjectId(f"sub_{number:032x}") for number in range(3)]
    assert entitled(dict(zip(owners, [1.0, 10.0, 10.0], strict=True)), 9.0) == dict(
        zip(owners, [1.0, 4.0, 4.0], strict=True)
    )
