"""What runbooks tell operators to do, done on the cluster; `pixreunion top` looks by `cluster.observability.watch`."""

import json

import pytest

from tests.cluster.installed import Installed

RUN = "/opt/pixreunion/.venv/bin/pixreunion node run"


def test_an_operator_sees_nodes_services_and_governance(service: Installed) -> None:
    seen = json.loads(service.rack.ssh("head", f"{RUN} pixreunion top --json").stdout.splitlines()[-1])
    assert sorted(node["region"] for node in seen["nodes"]) == ["eu", "eu", "eu", "eu", "us"]
    assert sum(node["gpus"] for node in seen["nodes"]) == 3
    ingress = next(each for each in seen["deployments"] if each["name"] == "ingress")
    assert ingress["replicas"]["RUNNING"] == 2
    assert seen["vitals"]["epochs_alive"] == 1
    assert {region["name"] for region in seen["regions"]} >= {"eu"}


def test_ray_answers_an_operator_on_any_node(service: Installed) -> None:
    assert "Active" in service.rack.ssh("w1", f"{RUN} ray status").stdout
    assert service.rack.ssh("head", f"{RUN} ray nothing", check=False).returncode != 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("pixreunion backup /srv/pixreunion/backups/first", "Backup in"),
        ("pixreunion rotate", "begins; backups made before it"),
        ("pixreunion retention", "Deadlines made earlier: none"),
    ],
)
def test_jobs_of_the_runbooks(service: Installed, command: str, said: str) -> None:
    told = service.rack.ssh("head", f"{RUN} ray job submit -- {command}", timeout_s=600).stdout
    assert said in " ".join(told.split()), told


def test_the_erasure_drill_passes(service: Installed) -> None:
    address = service.addresses_of("ingress")[0]
    known = (
        f"env PIXREUNION_CLIENT__URL=https://{address}:8700 PIXREUNION_CLIENT__AUTHORITY=/etc/pixreunion/secrets/ca.crt"
    )
    told = service.rack.ssh("head", f"{RUN} ray job submit -- {known} pixreunion drill --json", timeout_s=900).stdout
    drilled = next(json.loads(line) for line in told.splitlines() if line.startswith('{"request"'))
    assert drilled["ids_gone"] > 8
