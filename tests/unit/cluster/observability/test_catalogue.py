import re

from cluster.observability.alerts import ALERTS
from cluster.observability.catalogue import every_metric
from cluster.observability.dashboards import queries

_NAME = re.compile(r"\bray_\w+")
# Ray's own.
_RAYS = re.compile(r"ray_(node|serve|train)_\w+")


def test_every_query_asks_for_a_metric_that_is_published() -> None:
    known = {metric.name for metric in every_metric().values()}
    asked = {name for text in (*queries(), *(alert.when for alert in ALERTS)) for name in _NAME.findall(text)}
    assert {name for name in asked - known if not _RAYS.fullmatch(name)} == set()


def test_everything_an_operator_asks_is_there() -> None:
    wanted = {
        "generation_queued_steps", "generation_batch_fill", "generation_adapters_resident", "training_pack_size",
        "generation_gpu_seconds", "training_gpu_seconds", "erasure_least_time_left_s", "leases_live", "audit_head",
    }  # fmt: skip
    assert wanted <= set(every_metric())


def test_every_metric_stands_on_a_dashboard_or_in_an_alert() -> None:
    asked = " ".join((*queries(), *(alert.when for alert in ALERTS)))
    seldom = {"ray_epoch_number", "ray_training_job_s", "ray_generation_waiting", "ray_generation_host_bytes"}
    seldom |= {"ray_generation_steps_total"}
    assert {metric.name for metric in every_metric().values() if metric.name not in asked} <= seldom
