"""A cluster of five machines over a real sshd: closed to strangers, deployed by a job, updated under load."""

import threading
import time
from collections import Counter

import httpx

from tests.cluster.installed import JOINED, Installed

ON_LABEL = """
import ray
ray.init(log_to_driver=False, logging_level="error")
@ray.remote(num_cpus=0, label_selector={{"pixreunion.io/region": "{region}"}})
def where():
    return ray.util.get_node_ip_address()
print(sorted(set(ray.get([where.remote() for _ in range(8)]))))
"""


def health(cluster: Installed, address: str, patience_s: float = 90) -> float:
    """Seconds until the API at this address answers."""
    began = time.monotonic()
    while True:
        try:
            answer = httpx.get(f"https://{address}:8700/v1/health", verify=cluster.trust(), timeout=10, trust_env=False)
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
    placed = service.actors()
    serving = [address for name, where in placed.items() if "ServeReplica" in name for address in where]
    assert serving
    assert "10.77.0.13" not in serving
    ingress = service.addresses_of("ingress")
    for address in ingress:
        health(service, address)


def test_an_update_drops_no_request(service: Installed) -> None:
    """Two replicas, replaced one after the other, each maybe on another machine; a client that knows the region's
    machines turns to another one when a connection is refused, as a load balancer does. No request that was accepted
    fails."""
    ingress = [machine.address for name, machine in service.rack.machines.items() if name != "w3"]
    answers: Counter[str] = Counter()
    done = threading.Event()

    def ask() -> None:
        turn = 0
        while not done.wait(0.02):
            turn += 1
            for attempt in range(20):
                address = ingress[(turn + attempt) % len(ingress)]
                try:
                    with httpx.Client(verify=service.trust(), timeout=30, trust_env=False) as client:
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
