"""Debian's Prometheus on the head, with the shipped configuration: it scrapes every node and fills every panel."""

import json
import threading
import time
from collections.abc import Iterator
from shlex import quote

import pytest

from cluster.observability.dashboards import queries
from tests.cluster.customer import Customer, Orders
from tests.cluster.installed import Installed

ADDRESS = "127.0.0.1:9190"
START = (
    "nohup prometheus --config.file=/opt/pixreunion/deploy/prometheus/prometheus.yaml "
    f"--storage.tsdb.path=/tmp/prometheus --web.listen-address={ADDRESS} </dev/null >/tmp/prometheus.log 2>&1 &"
)


class Watcher:
    """Prometheus, asked from the head."""

    def __init__(self, service: Installed) -> None:
        self._service = service

    def asked(self, path: str, **parameters: str) -> list[dict[str, object]]:
        given = " ".join(f"--data-urlencode {quote(f'{name}={value}')}" for name, value in parameters.items())
        told = self._service.rack.ssh("head", f"curl -sfG {given} http://{ADDRESS}/api/v1/{path}", check=False).stdout
        data = json.loads(told)["data"] if told else {}
        found: list[dict[str, object]] = data.get("result", data.get("activeTargets", []))
        return found

    def without_data(self, wanted: list[str], within_s: float) -> list[str]:
        """The queries that have no answer when the time is over."""
        left, ends = wanted, time.monotonic() + within_s
        while left and time.monotonic() < ends:
            left = [query for query in left if not self.asked("query", query=query)]
            threading.Event().wait(1)
        return left


@pytest.fixture(scope="module")
def watcher(service: Installed) -> Iterator[Watcher]:
    service.rack.ssh("head", START)
    try:
        yield Watcher(service)
    finally:
        service.rack.ssh("head", "pkill -x prometheus", check=False)


def test_every_node_is_scraped_and_every_panel_shows_data(service: Installed, watcher: Watcher) -> None:
    somebody = Customer(lambda: service.addresses_of("ingress"), service.trust())
    somebody.join()
    # What a generator and a trainer tell is gone with them: both must be at work while the panels are looked at.
    somebody.train()
    orders = Orders(somebody)
    orders.start()
    try:
        assert watcher.without_data(queries(), within_s=240) == []
    finally:
        orders.end()
    targets = watcher.asked("targets")
    assert {str(target["health"]) for target in targets} == {"up"}
    assert len(targets) >= len(service.rack.machines)
