"""The few numbers by which an operator sees that governance does its work."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Vitals:
    """Numbers only. Ages and distances in seconds; `least_time_left_s` until the promised end of the erasure that is
    nearest to it (negative: overdue; None: none is open). `holders` live leases and `jobs` unfinished ones, by name.
    `deliveries_due` webhooks' messages and `notices_due` letters that should have gone out, and how late the latest of
    each is."""

    open_erasures: int
    overdue_erasures: int
    oldest_erasure_s: float
    least_time_left_s: float | None
    past_deadline: int
    audit_size: int
    epoch: int
    epoch_age_s: float
    epochs_alive: int
    holders: Mapping[str, int] = field(default_factory=dict)
    held: int = 0
    jobs: Mapping[str, int] = field(default_factory=dict)
    deliveries_due: int = 0
    delivery_late_s: float = 0.0
    notices_due: int = 0
    notice_late_s: float = 0.0
