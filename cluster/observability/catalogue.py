"""Every metric of the service and what it tells, in one place: dashboards and alerts are made from these.

Ray prefixes a metric's name with `ray_` where Prometheus reads it. Labels are kinds, regions, purposes and workers;
never a person's, a request's or an artifact's id.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from serve_apps.generator.metrics import COUNTERS as GENERATION_COUNTERS
from serve_apps.generator.metrics import GAUGES as GENERATION_GAUGES
from training.metrics import COUNTERS as TRAINING_COUNTERS
from training.metrics import GAUGES as TRAINING_GAUGES

GOVERNANCE_GAUGES: Mapping[str, str] = {
    "governance_up": "1 while governance answers",
    "erasures_open": "erasures not yet certified",
    "erasures_overdue": "erasures past their promised end",
    "erasure_oldest_s": "age of the oldest open erasure",
    "erasure_least_time_left_s": "seconds until the nearest promised end",
    "artifacts_past_deadline": "artifacts alive a minute after their deadline",
    "audit_head": "leaves of the audit log",
    "epoch_number": "the active epoch of the keys",
    "epoch_age_s": "seconds since the last rotation",
    "epochs_alive": "epochs whose key is not destroyed",
    "leases_live": "holders with a living lease, by kind",
    "plaintexts_held": "artifacts whose plaintext some process holds",
    "jobs_unfinished": "trainings not finished, by state",
    "deliveries_due": "webhooks' messages that should have gone out",
    "delivery_late_s": "how late the latest of them is",
    "notices_due": "letters that should have gone out",
    "notice_late_s": "how late the latest of them is",
}
CAPACITY_GAUGES: Mapping[str, str] = {
    "capacity_gpus": "devices of living nodes, by region",
    "capacity_serving": "generator replicas that run, by region",
    "capacity_training": "training groups allowed, by region",
    "capacity_waiting": "replicas and groups that wait, by reason",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """`name` as Prometheus knows it."""

    name: str
    tells: str
    counter: bool = False


def every_metric() -> Mapping[str, Metric]:
    """By the name the code uses. Ray appends `_total` to counters."""
    gauges = {**TRAINING_GAUGES, **GENERATION_GAUGES, **GOVERNANCE_GAUGES, **CAPACITY_GAUGES}
    counters = {**TRAINING_COUNTERS, **GENERATION_COUNTERS}
    made = {name: Metric(f"ray_{name}", tells) for name, tells in gauges.items()}
    return made | {name: Metric(f"ray_{name}_total", tells, counter=True) for name, tells in counters.items()}
