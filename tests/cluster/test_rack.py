"""A cluster of four machines over a real sshd: deployed, updated under load, and its machines lost one by one."""

import json
import ssl
import threading
import time
from collections import Counter

import httpx

from tests.cluster.installed import JOINED, Installed
from tests.cluster.machines import ROOT

WHERE = """
import json, ray
ray.init(namespace="pixreunion", log_to_driver=False, logging_level="error")
from ray.util.state import list_actors
alive = {node["NodeID"]: node["NodeManagerAddress"] for node in ray.nodes()}
print(json.dumps([
    (actor.class_name, alive.get(actor.node_id)) for actor in list_actors(filters=[("state", "=", "ALIVE")], limit=1000)
]))
"""
ON_LABEL = """
import ray
ray.init(log_to_driver=False, logging_level="error")
@ray.remote(num_cpus=0, label_selector={{"pixreunion.io/region": "{region}"}})
def where():
    return ray.util.get_node_ip_address()
print(sorted(set(ray.get([where.remote() for _ in range(8)]))))
"""


def trust(cluster: Installed) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(cluster.folder / "secrets" / "ca.crt"))


def actors(cluster: Installed) -> dict[str, set[str]]:
    """Addresses of the machines on which each class of actor lives."""
    found: dict[str, set[str]] = {}
    for name, address in json.loads(cluster.on_head(WHERE).splitlines()[-1]):
        found.setdefault(name, set()).add(address)
    return found


def health(cluster: Installed, address: str, patience_s: float = 90) -> float:
    """Seconds until the API at this address answers."""
    began = time.monotonic()
    while True:
        try:
            answer = httpx.get(f"https://{address}:8700/v1/health", verify=trust(cluster), timeout=10, trust_env=False)
            if answer.status_code == 200:
                return time.monotonic() - began
        except httpx.HTTPError:
            pass
        assert time.monotonic() - began < patience_s, f"nobody answers at {address}"
        threading.Event().wait(0.2)


def test_a_stranger_without_the_token_or_a_certificate_does_not_get_in(cluster: Installed) -> None:
    code = "import ray; ray.init(log_to_driver=False)"
    (cluster.rack.machines["w1"].folder / "root" / "stranger.py").write_text(code)
    no_token = JOINED.replace("RAY_AUTH_TOKEN_PATH=/etc/pixreunion/secrets/ray-token", "RAY_AUTH_TOKEN=" + "0" * 64)
    assert cluster.rack.ssh("w1", f"{no_token} timeout 60 python /root/stranger.py", check=False).returncode != 0
    no_tls = JOINED.replace("RAY_USE_TLS=1", "RAY_USE_TLS=0")
    assert cluster.rack.ssh("w1", f"{no_tls} timeout 60 python /root/stranger.py", check=False).returncode != 0


def test_the_dashboard_listens_on_the_heads_loopback_and_asks_for_the_token(cluster: Installed) -> None:
    listening = cluster.rack.ssh("head", "ss -Htln sport = :8265").stdout.split()
    assert [word for word in listening if word.endswith(":8265")] == ["127.0.0.1:8265"]
    asked = cluster.rack.ssh("head", "curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:8265/api/jobs/").stdout
    assert asked in {"401", "403"}


def test_no_secret_stands_in_rays_logs_or_on_a_command_line(cluster: Installed) -> None:
    for name in ("ray-token", "pgpass"):
        secret = (cluster.folder / "secrets" / name).read_text().strip().rsplit(":", 1)[-1]
        search = f"grep -rlF {secret} /var/lib/pixreunion /proc/[0-9]*/cmdline 2>/dev/null | grep -v /self/"
        found = cluster.rack.ssh("head", search, check=False).stdout.split()
        assert [path for path in found if "/cmdline" not in path] == []


def test_work_is_placed_by_region(cluster: Installed) -> None:
    assert cluster.on_head(ON_LABEL.format(region="us")).splitlines()[-1] == "['10.77.0.13']"
    assert "10.77.0.13" not in cluster.on_head(ON_LABEL.format(region="eu"))


def test_the_deployed_services_stay_in_their_region_and_answer_by_https(service: Installed) -> None:
    placed = actors(service)
    serving = [address for name, where in placed.items() if "ServeReplica" in name for address in where]
    assert serving
    assert "10.77.0.13" not in serving
    ingress = next(where for name, where in placed.items() if "ingress" in name)
    for address in ingress:
        health(service, address)


def test_an_update_drops_no_request(service: Installed) -> None:
    """Two replicas, replaced one after the other; a client that knows both addresses turns to the other one when a
    connection is refused, as a load balancer does. No request that was accepted fails."""
    ingress = sorted(next(where for name, where in actors(service).items() if "ingress" in name))
    answers: Counter[str] = Counter()
    done = threading.Event()

    def ask() -> None:
        turn = 0
        while not done.wait(0.02):
            turn += 1
            for attempt in range(20):
                address = ingress[(turn + attempt) % len(ingress)]
                try:
                    with httpx.Client(verify=trust(service), timeout=30, trust_env=False) as client:
                        status = client.get(f"https://{address}:8700/v1/health").status_code
                    answers[str(status)] += 1
                    break
                except httpx.ConnectError:
                    answers["elsewhere"] += 1
                    done.wait(0.2)
                except httpx.HTTPError as error:
                    answers[type(error).__name__] += 1
                    break
            else:
                answers["nobody"] += 1

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        service.submit("pixreunion deploy --json")
    finally:
        done.set()
        asking.join(60)
    failed = {kind: count for kind, count in answers.items() if kind not in {"200", "elsewhere"}}
    assert answers["200"] > 20
    assert failed == {}


NODE = "/opt/pixreunion/.venv/bin/pixreunion node start"


def ingresses(service: Installed) -> list[str]:
    return sorted(next(where for name, where in actors(service).items() if "ingress" in name))


def workers_of(service: Installed, addresses: list[str]) -> list[str]:
    known = service.rack.machines
    return [name for name in known if name != "head" and known[name].address in addresses]


def rejoin(service: Installed, name: str) -> None:
    service.rack.on(name)
    service.rack.ssh(name, f"{NODE} --address {service.rack.machines['head'].address}")
    service.await_nodes(4)


def test_the_api_answers_while_a_worker_is_cut_off_and_takes_it_back(service: Installed) -> None:
    lost = workers_of(service, ingresses(service))[-1]
    other = next(address for address in ingresses(service) if address != service.rack.machines[lost].address)
    service.rack.cut(lost)
    note(service, "worker_cut", health(service, other))
    service.rack.heal(lost)
    service.rack.off(lost)
    rejoin(service, lost)


def test_a_lost_worker_is_replaced(service: Installed) -> None:
    lost = workers_of(service, ingresses(service))[0]
    others = [address for address in ingresses(service) if address != service.rack.machines[lost].address]
    service.rack.off(lost)
    note(service, "worker_lost", max((health(service, address) for address in others), default=0.0))
    rejoin(service, lost)
    assert len(ingresses(service)) >= 1


def test_after_the_head_is_lost_and_started_again_everything_is_found_again(service: Installed) -> None:
    before = actors(service)
    service.rack.off("head")
    service.rack.on("head")
    began = time.monotonic()
    service.rack.ssh("head", f"{NODE} --head")
    service.await_nodes(4)
    for address in ingresses(service):
        health(service, address)
    note(service, "head_lost", time.monotonic() - began)
    assert {"GovernanceActor", "TrainingPool", "Steward"} <= set(actors(service)) & set(before)


def note(service: Installed, kind: str, recovery_s: float) -> None:
    """Kept for `benchmarks.scale`, which reports what was measured here."""
    path = ROOT / "var" / "rack.json"
    path.parent.mkdir(exist_ok=True)
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(known | {kind: round(recovery_s, 1)}))
    assert recovery_s < 90
