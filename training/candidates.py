"""The jobs that wait, as governance lists them and as the policy of the queue sees them."""

from datetime import datetime

from governance.model import JobCandidate
from training.queue import Waiting

MOST_CANDIDATES = 1000


def waiting(candidate: JobCandidate, now: datetime) -> Waiting:
    """What the policy sees of a queued job."""
    return Waiting(
        candidate.id,
        candidate.owner,
        candidate.region,
        candidate.gpu_seconds,
        candidate.memory_mb,
        max(0.0, (now - candidate.queued_at).total_seconds()),
        candidate.priority,
        candidate.owner_gpu_seconds,
        candidate.owner_running,
        candidate.tries,
        None if candidate.requeued_at is None else max(0.0, (now - candidate.requeued_at).total_seconds()),
    )
