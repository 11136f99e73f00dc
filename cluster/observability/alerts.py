"""Prometheus' alerts: each is a promise about to be broken or a person about to wait, with what to do about it."""

from dataclasses import dataclass
from typing import Any

_RUNBOOKS = "docs/runbooks"


@dataclass(frozen=True, slots=True)
class Alert:
    """Fires when `when` has held for `lasting`. `page`: wakes somebody."""

    name: str
    when: str
    lasting: str
    page: bool
    says: str
    runbook: str


ALERTS = (
    Alert("ErasureOverdue", "max(ray_erasures_overdue) > 0", "0m", True,
          "An erasure has passed its promised end (P6.2).", "overdue-erasure.md"),
    Alert("ErasureSlow", "max(ray_erasure_oldest_s) > 3600", "5m", False,
          "An erasure is open for more than an hour; bytes should be gone by now.", "overdue-erasure.md"),
    Alert("RetentionBroken", "max(ray_artifacts_past_deadline) > 0", "5m", True,
          "Artifacts are alive after their deadline (P6.4, P6.5).", "overdue-erasure.md"),
    Alert("GovernanceDown", "absent(ray_governance_up) or max(ray_governance_up) < 1", "30s", True,
          "Governance does not answer: nothing can be read, written or erased.", "lost-head.md"),
    Alert("EpochOld", "max(ray_epoch_age_s) > 6 * 86400", "10m", True,
          "The keys' epoch was not rotated in time: what lingers in backups stays readable.", "epoch-rotation.md"),
    Alert("EpochsPileUp", "max(ray_epochs_alive) > 2", "30m", False,
          "A rotation does not end.", "epoch-rotation.md"),
    Alert("TrainingStuck",
          "max(ray_training_oldest_wait_s) > 900 unless sum(increase(ray_training_steps_total[10m])) > 0", "5m", True,
          "Jobs wait and no step is done.", "stuck-training.md"),
    Alert("TrainingSlow", "max(ray_training_oldest_wait_s) > 1800", "10m", False,
          "Somebody has waited for half an hour.", "node-not-scaling.md"),
    Alert("CapacityWaits", 'sum by (tag) (ray_capacity_waiting{tag!="policy"}) > 0', "10m", False,
          "Replicas or groups wait for nodes: {{ $labels.tag }}.", "node-not-scaling.md"),
    Alert("GeneratorBehind", "max(ray_generation_queued_steps) > 4000", "5m", False,
          "A generator is far behind.", "node-not-scaling.md"),
    Alert("GeneratorRecompiles", "sum(increase(ray_generation_recompiles_total[15m])) > 0", "0m", False,
          "A graph was compiled after the warm-up: somebody waited for it.", "node-not-scaling.md"),
    Alert("JobsFail", 'sum(increase(ray_training_jobs_total{tag!~"succeeded|canceled"}[15m])) > 5', "0m", False,
          "Trainings fail.", "stuck-training.md"),
    Alert("WebhookBacklog", "max(ray_delivery_late_s) > 600", "5m", False,
          "Messages to clients' webhooks do not go out in time.", "webhook-backlog.md"),
    Alert("MailBacklog", "max(ray_notice_late_s) > 1800", "5m", False,
          "Letters to people do not go out in time.", "webhook-backlog.md"),
    Alert("MemoryShort", "max by (instance) (ray_node_mem_used / ray_node_mem_total) > 0.93", "2m", True,
          "A node is about to run out of memory.", "out-of-memory.md"),
    Alert("DiskShort", "max by (instance) (ray_node_disk_usage / (ray_node_disk_usage + ray_node_disk_free)) > 0.9",
          "5m", True, "A node's disk is nearly full.", "out-of-memory.md"),
    Alert("NodeLost", 'min by (job) (up{job="ray"}) == 0', "30s", False,
          "A node that was there does not answer.", "lost-head.md"),
)  # fmt: skip


def rules() -> dict[str, Any]:
    """The rule file."""
    return {"groups": [{"name": "pixreunion", "rules": [_rule(alert) for alert in ALERTS]}]}


def _rule(alert: Alert) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.when,
        "for": alert.lasting,
        "labels": {"severity": "page" if alert.page else "ticket"},
        "annotations": {"summary": alert.says, "runbook": f"{_RUNBOOKS}/{alert.runbook}"},
    }
