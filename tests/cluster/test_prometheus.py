"""Debian's Prometheus takes the rules, scrapes what the catalogue names, answers every panel, and fires the alerts."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client import CollectorRegistry, Gauge, start_http_server

from cluster.observability.alerts import ALERTS, rules
from cluster.observability.catalogue import every_metric
from cluster.observability.dashboards import queries
from cluster.observability.scrape import scrape_config
from cluster.topology.model import Site
from tests.cluster.machines import ROOT

LABELS = ("tag", "worker", "replica", "deployment")
# As a node publishes them beside ours.
OF_RAY = (
    "ray_node_mem_used", "ray_node_mem_total", "ray_node_cpu_utilization", "ray_node_mem_shared_bytes",
    "ray_node_disk_usage", "ray_node_disk_free", "ray_serve_autoscaling_desired_replicas",
)  # fmt: skip
# What goes wrong, and which alert must say so.
FAULTS = {
    "ErasureOverdue": {"ray_erasures_overdue": 1},
    "ErasureSlow": {"ray_erasure_oldest_s": 4000},
    "RetentionBroken": {"ray_artifacts_past_deadline": 2},
    "GovernanceDown": {"ray_governance_up": 0},
    "EpochOld": {"ray_epoch_age_s": 7 * 86_400},
    "EpochsPileUp": {"ray_epochs_alive": 3},
    "TrainingStuck": {"ray_training_oldest_wait_s": 1000},
    "TrainingSlow": {"ray_training_oldest_wait_s": 2000},
    "CapacityWaits": {"ray_capacity_waiting": 1},
    "GeneratorBehind": {"ray_generation_queued_steps": 5000},
    "WebhookBacklog": {"ray_delivery_late_s": 700},
    "MailBacklog": {"ray_notice_late_s": 2000},
    "MemoryShort": {"ray_node_mem_used": 0.95},
    "DiskShort": {"ray_node_disk_usage": 9.5},
}
HEALTHY = {"ray_governance_up": 1, "ray_node_mem_total": 1, "ray_node_disk_free": 1, "ray_epochs_alive": 1}


class Watched:
    """A node that publishes what it is told, and a Prometheus that watches it."""

    def __init__(self, folder: Path) -> None:
        registry = CollectorRegistry()
        names = {*(metric.name for metric in every_metric().values()), *OF_RAY}
        self.gauges = {name: Gauge(name, name, LABELS, registry=registry).labels(*LABELS) for name in names}
        self.healthy()
        self._server, _ = start_http_server(0, "127.0.0.1", registry)
        (folder / "nodes.json").write_text(json.dumps([{"targets": [f"127.0.0.1:{self._server.server_port}"]}]))
        quick = rules()
        for rule in quick["groups"][0]["rules"]:
            rule["for"] = "0s"
        (folder / "alerts.yaml").write_text(yaml.safe_dump(quick))
        site = Site.read(ROOT / "deploy" / "site.toml")
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(scrape_config(site, folder / "nodes.json", every_s=1)))
        argv = ["prometheus", f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data"]
        self.url = "http://127.0.0.1:9190"
        with (folder / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*argv, "--web.listen-address=127.0.0.1:9190"], stdout=log, stderr=log, start_new_session=True
            )

    def healthy(self) -> None:
        for name, gauge in self.gauges.items():
            gauge.set(HEALTHY.get(name, 0))

    def ready(self) -> bool:
        """It has read its files; until then it answers with 503."""
        try:
            return httpx.get(f"{self.url}/-/ready", trust_env=False).is_success
        except httpx.TransportError:
            return False

    def query(self, text: str) -> list[object]:
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": text}, trust_env=False).json()
        assert answer["status"] == "success", answer
        found: list[object] = answer["data"]["result"]
        return found

    def firing(self) -> set[str]:
        alerts = httpx.get(f"{self.url}/api/v1/alerts", trust_env=False).json()["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._server.shutdown()


def until(true: "object", within_s: float = 40) -> None:
    deadline = time.monotonic() + within_s
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        threading.Event().wait(0.3)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    made = Watched(tmp_path_factory.mktemp("prometheus"))
    try:
        until(made.ready)
        until(lambda: made.query("ray_governance_up"))
        yield made
    finally:
        made.close()


def test_prometheus_takes_the_shipped_rules() -> None:
    for check, name in (("rules", "alerts.yaml"), ("config", "prometheus.yaml")):
        argv = ["promtool", "check", check, str(ROOT / "deploy/prometheus" / name)]
        checked = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_panel_shows_data(watched: Watched) -> None:
    until(lambda: watched.query("rate(ray_generation_pictures_total[2m])"))
    assert [query for query in queries() if not watched.query(query)] == []


def test_a_healthy_cluster_is_quiet(watched: Watched) -> None:
    watched.healthy()
    until(lambda: watched.firing() == set())


@pytest.mark.parametrize("alert", FAULTS)
def test_an_alert_fires_when_its_fault_is_there_and_ends_with_it(watched: Watched, alert: str) -> None:
    for name, value in FAULTS[alert].items():
        watched.gauges[name].set(value)
    until(lambda: alert in watched.firing())
    watched.healthy()
    until(lambda: alert not in watched.firing())


def test_alerts_without_a_fault_here_are_those_that_need_a_rate() -> None:
    rates = {"GeneratorRecompiles", "JobsFail", "NodeLost"}
    assert {alert.name for alert in ALERTS} - set(FAULTS) == rates
