"""Real PostgreSQL, S3 and Ray; in place of the services a small server that answers for the API's health."""

import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from cluster.config import RaySettings, Settings, environment
from cluster.embedded.seaweed import BUCKET
from cluster.errors import AlreadyRunning, NotRunning, PartFailed, PortTaken
from cluster.home import Home
from cluster.installation import Installation, Part
from cluster.ports import LOOPBACK, Port, free_block
from cluster.processes import OWNER, ProcessMark, spawn, stop, wait_until
from cluster.progress import Silent, Teller
from cluster.rayhead import RayAddress
from cluster.secrets import Secrets

pytestmark = pytest.mark.ray

HEALTHY = """
import http.server, sys
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/v1/health" else 404)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Health).serve_forever()
"""


class HealthyServices:
    """Deploys the small server; it belongs to the home, as Ray's workers do."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(self, home: Home, address: RayAddress, surroundings: Mapping[str, str], teller: Teller) -> None:
        argv = [sys.executable, "-c", HEALTHY, str(self._port)]
        spawn(argv, home.logs / "health.log", environment({OWNER: str(home.root)}))
        assert wait_until(self._listens, 20)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((LOOPBACK, self._port)) == 0


def failing(home: Home, address: RayAddress, surroundings: Mapping[str, str], teller: Teller) -> None:
    raise PartFailed("The services did not start.", "Look there.")


def interrupted(home: Home, address: RayAddress, surroundings: Mapping[str, str], teller: Teller) -> None:
    raise KeyboardInterrupt


def settings_in(root: Path) -> Settings:
    return Settings(home=root, port_base=free_block().base, ray=RaySettings(dashboard=False, cpus=2))


def ended(installation: Installation) -> bool:
    return not any(installation.status().values()) and not installation.processes()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    settings = settings_in(tmp_path_factory.mktemp("home"))
    installation = Installation(settings, HealthyServices(settings.port_base + Port.INGRESS))
    installation.up(Silent())
    yield installation
    installation.down(Silent())
    assert ended(installation)


def test_everything_runs_and_the_addresses_are_kept(running: Installation) -> None:
    assert running.status() == dict.fromkeys(Part, True)
    addresses = running.addresses()
    assert addresses is not None
    assert addresses.api.endswith(str(running.ports[Port.INGRESS]))
    assert running.processes()


def test_a_second_up_is_refused_and_harms_nothing(running: Installation) -> None:
    with pytest.raises(AlreadyRunning) as refused:
        running.up(Silent())
    assert "pixreunion down" in refused.value.way_out
    assert all(running.status().values())


def test_a_killed_up_is_recovered_with_all_data(running: Installation) -> None:
    """What a SIGKILL half-way leaves: servers without a state file, a Ray whose GCS is gone."""
    running.embedded_s3.client().put_object(Bucket=BUCKET, Key="kept", Body=b"photo")
    dsn = running.plan.governance.ledger.dsn
    password = Secrets.load_or_draw(running.home.secrets).postgres_password
    with psycopg.connect(dsn, password=password) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    running.home.state.unlink()
    for pid in running.processes():
        with suppress(psutil.NoSuchProcess):  # helpers of Ray come and go
            if "gcs_server" in " ".join(psutil.Process(pid).cmdline()):
                assert stop(ProcessMark.of(pid), ((signal.SIGKILL, 5.0),))
    running.up(Silent())
    assert all(running.status().values())
    assert running.embedded_s3.client().get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"photo"
    with psycopg.connect(dsn, password=password) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (42,)


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    installation = Installation(settings_in(tmp_path), failing)
    with (
        socket.create_server((LOOPBACK, installation.ports[Port.RAY_GCS])),
        pytest.raises(PortTaken, match=str(installation.ports[Port.RAY_GCS])),
    ):
        installation.up(Silent())
    assert ended(installation)


@pytest.mark.parametrize(("deploy", "error"), [(failing, PartFailed), (interrupted, KeyboardInterrupt)])
def test_whatever_ends_the_start_everything_is_stopped(
    deploy: object, error: type[BaseException], tmp_path: Path
) -> None:
    installation = Installation(settings_in(tmp_path), deploy)  # type: ignore[arg-type]
    with pytest.raises(error):
        installation.up(Silent())
    assert ended(installation)
    assert installation.addresses() is None


def test_down_without_up_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        Installation(settings_in(tmp_path / "none")).down(Silent())
    empty = Installation(settings_in(tmp_path))
    empty.home.prepare()
    with pytest.raises(NotRunning):
        empty.down(Silent())


def test_secrets_are_in_closed_files_alone(running: Installation) -> None:
    secrets = Secrets.load_or_draw(running.home.secrets)
    values = [value.encode() for value in secrets.model_dump().values()]
    holders = [path for path in running.home.root.rglob("*") if path.is_file() and _holds(path, values)]
    assert holders
    assert [path for path in holders if path.stat().st_mode & 0o077] == []


def _holds(path: Path, values: list[bytes]) -> bool:
    if not os.access(path, os.R_OK):
        return False
    data = path.read_bytes()
    return any(value in data for value in values)
