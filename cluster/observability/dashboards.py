"""Grafana's dashboards as data: rows of panels, each with the queries it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WIDE, _HIGH, _COLUMNS = 12, 8, 2


@dataclass(frozen=True, slots=True)
class Panel:
    """`queries`: PromQL by legend. `unit`: Grafana's name of it."""

    title: str
    queries: Mapping[str, str]
    unit: str = "short"


DASHBOARDS: Mapping[str, Sequence[Panel]] = {
    "generation": (
        Panel("Queued denoising steps", {"{{replica}}": "ray_generation_queued_steps"}),
        Panel("Batch fill", {"{{replica}}": "ray_generation_batch_fill"}, "percentunit"),
        Panel("Pictures per minute", {"pictures": "60 * sum(rate(ray_generation_pictures_total[2m]))"}),
        Panel("Adapters resident", {"{{replica}}": "ray_generation_adapters_resident"}),
        Panel("Adapter loads per minute", {"loads": "60 * sum(rate(ray_generation_adapter_loads_total[2m]))"}),
        Panel("Latent cells per second", {"{{replica}}": "ray_generation_cells_per_s"}),
        Panel("Replicas wanted", {"{{deployment}}": "ray_serve_autoscaling_desired_replicas or ray_capacity_serving"}),
        Panel("Graphs compiled after warm-up", {"recompiles": "sum(ray_generation_recompiles_total) or vector(0)"}),
    ),
    "training": (
        Panel("Jobs", {"queued": "max(ray_training_queued)", "{{tag}}": "ray_jobs_unfinished"}),
        Panel("Longest wait", {"wait": "max(ray_training_oldest_wait_s)"}, "s"),
        Panel("Pack size", {"{{worker}}": "ray_training_pack_size"}),
        Panel("Steps per second", {"{{worker}}": "ray_training_steps_per_second"}),
        Panel("Ended per hour", {"{{tag}}": "3600 * sum by (tag) (rate(ray_training_jobs_total[10m]))"}),
        Panel("Checkpoints per minute", {"checkpoints": "60 * sum(rate(ray_training_checkpoints_total[5m]))"}),
        Panel("Worker groups", {"alive": "max(ray_training_groups)", "allowed": "ray_capacity_training"}),
        Panel(
            "Adapters handed to a generator per hour",
            {"{{tag}}": "3600 * sum by (tag) (rate(ray_training_handed_over_total[15m]))"},
        ),
        Panel("Expelled from a pack", {"expelled": "sum(ray_training_expelled_total) or vector(0)"}),
    ),
    "privacy": (
        Panel("Open erasures", {"open": "max(ray_erasures_open)", "overdue": "max(ray_erasures_overdue)"}),
        Panel("Age of the oldest erasure", {"age": "max(ray_erasure_oldest_s)"}, "s"),
        Panel("Time left until the nearest promised end", {"left": "min(ray_erasure_least_time_left_s)"}, "s"),
        Panel("Alive after their deadline", {"artifacts": "max(ray_artifacts_past_deadline)"}),
        Panel("Living leases", {"{{tag}}": "ray_leases_live"}),
        Panel("Plaintexts held", {"held": "max(ray_plaintexts_held)"}),
        Panel("Audit log", {"leaves": "max(ray_audit_head)"}),
        Panel("Epoch of the keys", {"age": "max(ray_epoch_age_s)"}, "s"),
    ),
    "cluster": (
        Panel("Devices", {"{{tag}}": "ray_capacity_gpus"}),
        Panel("What waits, and why", {"{{tag}}": "ray_capacity_waiting"}),
        Panel("Device seconds by purpose", {
            "generation": "sum(rate(ray_generation_gpu_seconds_total[5m])) or vector(0)",
            "training": "sum(rate(ray_training_gpu_seconds_total[5m])) or vector(0)",
        }),
        Panel("Late to go out", {"webhooks": "max(ray_delivery_late_s)", "letters": "max(ray_notice_late_s)"}, "s"),
        Panel("Due to go out", {"webhooks": "max(ray_deliveries_due)", "letters": "max(ray_notices_due)"}),
        Panel("Nodes", {"answering": 'sum(up{job="ray"})'}),
        Panel("Memory", {"{{instance}}": "ray_node_mem_used / ray_node_mem_total"}, "percentunit"),
        Panel("Processor", {"{{instance}}": "ray_node_cpu_utilization"}, "percent"),
        Panel("Object store", {"{{instance}}": "ray_node_mem_shared_bytes"}, "bytes"),
        Panel("Disk", {"{{instance}}": "ray_node_disk_usage"}, "bytes"),
    ),
}  # fmt: skip


def dashboards() -> Mapping[str, dict[str, Any]]:
    """File name to dashboard."""
    return {name: _dashboard(name, panels) for name, panels in DASHBOARDS.items()}


def queries() -> list[str]:
    """Every query of every panel."""
    return [query for panels in DASHBOARDS.values() for panel in panels for query in panel.queries.values()]


def _dashboard(name: str, panels: Sequence[Panel]) -> dict[str, Any]:
    source = {"name": "datasource", "type": "datasource", "query": "prometheus", "current": {}}
    return {
        "uid": f"pixreunion-{name}",
        "title": f"PixReunion: {name}",
        "tags": ["pixreunion"],
        "schemaVersion": 39,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [source]},
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, _COLUMNS)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": {"x": column * _WIDE, "y": row * _HIGH, "w": _WIDE, "h": _HIGH},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": _SOURCE, "expr": query, "legendFormat": legend}
            for index, (legend, query) in enumerate(panel.queries.items())
        ],
    }
