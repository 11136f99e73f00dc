"""The service kept running by the command line, used through it and through the official `openai` client."""

import base64
import io
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import NotFoundError, OpenAI
from PIL import Image

from cluster.demo.world import fresh_person
from cluster.ports import LOOPBACK, Port
from tests.e2e.commands import Commands

pytestmark = [pytest.mark.e2e, pytest.mark.ray, pytest.mark.timeout(900)]

PASSWORD = "a long enough password"
PERSON = ("--name", "Ada Example", "--email", "ada@example.org", "--password", PASSWORD)

FOREIGN_RAY = """
import ray, sys
ray.init(num_cpus=1, include_dashboard=False, object_store_memory=80_000_000, log_to_driver=False)
double = ray.remote(lambda n: 2 * n)
for line in sys.stdin:
    print(ray.get(double.remote(int(line))), flush=True)
"""


@pytest.fixture
def foreign_ray(newcomer: Commands) -> Iterator[subprocess.Popen[str]]:
    """Somebody else's Ray on this machine, at its default place."""
    environment = {name: newcomer.surroundings[name] for name in ("PATH", "HOME")}
    with subprocess.Popen(
        [sys.executable, "-c", FOREIGN_RAY], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    ) as other:  # fmt: skip
        assert works(other)
        yield other
        assert works(other), "our coming and going harmed a Ray that is not ours"
        other.communicate(timeout=120)


def works(other: subprocess.Popen[str]) -> bool:
    assert other.stdin is not None
    assert other.stdout is not None
    other.stdin.write("21\n")
    other.stdin.flush()
    return other.stdout.readline() == "42\n"


@pytest.fixture
def service(newcomer: Commands, foreign_ray: subprocess.Popen[str]) -> Iterator[Commands]:
    newcomer.ask("up")
    yield newcomer
    newcomer.ask("down")
    assert newcomer.processes() == []


def photo_files(folder: Path) -> list[str]:
    files = [(folder / upload.name, upload.data) for upload in fresh_person(10_000_011).uploads]
    for path, data in files:
        path.write_bytes(data)
    return [str(path) for path, _ in files]


def test_a_service_that_is_kept(service: Commands) -> None:
    addresses = service.ask("status")["addresses"]
    assert set(addresses) >= {"api", "docs", "dashboard"}
    assert "already running" in service.refused("up")
    account = service.ask("account", "create", *PERSON, "--born", "1990-01-31")
    kept = {photo["id"] for photo in service.ask("upload", *photo_files(service.folder))}
    assert len(kept) == 8
    [made] = service.ask("generate", "a photo of a person", "--seed", "1", "--out", "pictures")
    with Image.open(service.folder / made["file"]) as picture:
        assert picture.size == (64, 64)
    by_openais_client(addresses["api"], token_of(service))

    service.ask("down")
    assert service.processes() == []
    assert "is not running" in service.refused("down")
    service.ask("up")

    shown = service.ask("account", "show")
    assert shown["account"]["id"] == account["id"]
    assert {each["id"] for each in shown["artifacts"]} > kept | {made["artifact"]}
    erased_with_its_certificate(service)


def token_of(service: Commands) -> str:
    token: str = json.loads((service.home / "session.json").read_text())["token"]
    return token


def by_openais_client(api: str, token: str) -> None:
    with OpenAI(base_url=f"{api}/v1", api_key=token, max_retries=0) as client:
        answer = client.images.generate(model="base", prompt="a photo of a person", n=2, response_format="b64_json")
        assert answer.data is not None
        assert [Image.open(io.BytesIO(base64.b64decode(each.b64_json or ""))).size for each in answer.data] == [
            (64, 64),
            (64, 64),
        ]
        with pytest.raises(NotFoundError):
            client.images.generate(model="art_" + "0" * 32, prompt="a photo of a person")


def erased_with_its_certificate(service: Commands) -> None:
    erased = service.ask("erase", "--yes", "--certificate", "certificate.json")
    assert erased["counts"]["photo"] == 8
    assert service.ask("verify", "certificate.json")["valid"]
    forged = (service.folder / "certificate.json").read_text().replace(erased["id"], "req_" + "0" * 32)
    (service.folder / "forged.json").write_text(forged)
    assert "not a valid certificate" in service.refused("verify", "forged.json")
    assert "not signed in" in service.refused("account", "show")


def test_what_stands_in_the_way_is_named(newcomer: Commands) -> None:
    """Refused before anything is started, each in one sentence with the way out."""
    base = int(newcomer.surroundings["PIXREUNION_PORT_BASE"])
    with socket.create_server((LOOPBACK, base + Port.POSTGRES)):
        told = newcomer.refused("up")
    assert f"Port {base + Port.POSTGRES}" in told
    assert "PIXREUNION_PORT_BASE" in told
    newcomer.surroundings["PIXREUNION_HOME"] = "/proc/pixreunion"
    assert "PIXREUNION_HOME" in newcomer.refused("up")
    assert "PIXREUNION_HOME" in newcomer.refused("account", "create", *PERSON, "--born", "1990-01-31")
    assert newcomer.processes() == []
