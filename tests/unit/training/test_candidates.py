import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from governance.ids import JobId, SubjectId
from governance.model import JobCandidate
from training.candidates import waiting
from training.queue import FairShare, overdue

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def candidate(queued_at: datetime) -> JobCandidate:
    return JobCandidate(JobId.new(), SubjectId.new(), "eu", 2, 30.0, 400, 7.5, queued_at, owner_running=1, tries=3)


def test_the_policy_sees_how_long_a_job_waits_and_what_its_owner_had() -> None:
    one = candidate(NOW - timedelta(seconds=90))
    seen = waiting(one, NOW)
    assert (seen.id, seen.owner, seen.region, seen.gpu_seconds, seen.memory_mb) == (one.id, one.owner, "eu", 30.0, 400)
    assert (seen.waited_s, seen.priority, seen.owner_gpu_seconds) == (90.0, 2, 7.5)
    assert (seen.owner_running, seen.tries) == (1, 3)


def test_a_clock_that_went_back_makes_nobody_wait_less_than_nothing() -> None:
    ahead, now = waiting(candidate(NOW + timedelta(seconds=5)), NOW), waiting(candidate(NOW), NOW)
    assert ahead.waited_s == now.waited_s == 0.0


def test_the_pool_that_starts_workers_loads_no_model_itself() -> None:
    looks = "import sys, training.pool; print([name for name in ('torch', 'diffusers') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", looks], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_job_that_was_given_back_keeps_its_place_and_is_timed_out_from_then_on_only() -> None:
    policy = FairShare(admission_timeout_s=3600.0)
    never = candidate(NOW - timedelta(hours=2))
    given_back = replace(never, id=JobId.new(), requeued_at=NOW - timedelta(minutes=1))
    forgotten = replace(never, id=JobId.new(), requeued_at=NOW - timedelta(hours=1.5))
    seen = [waiting(one, NOW) for one in (never, given_back, forgotten)]
    assert [one.waited_s for one in seen] == [7200.0] * 3
    assert [one.id for one in overdue(seen, policy)] == [never.id, forgotten.id]
