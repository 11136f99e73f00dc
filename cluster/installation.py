"""One installation on this machine: the parts it consists of, brought up in order and taken down in reverse."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path

import httpx
from pydantic import BaseModel, ConfigDict

from cluster.compose import Plan, plan, secret_files
from cluster.config import Settings, password_files
from cluster.embedded.postgres import EmbeddedPostgres, PostgresAddress
from cluster.embedded.seaweed import EmbeddedS3
from cluster.embedded.weed import S3Address
from cluster.errors import AlreadyRunning, ClusterError, NotRunning, PartFailed
from cluster.home import Home
from cluster.interrupts import undisturbed
from cluster.keeper import Action, keep
from cluster.launch import launch
from cluster.ports import LOOPBACK, Port, PortBlock
from cluster.processes import ProcessMark, tree
from cluster.progress import Teller
from cluster.rayhead import RayAddress, RayHead
from cluster.secrets import Secrets, write_private
from serve_apps.ingress.secrets import create_secret

_POSTGRES_PORTS = (Port.POSTGRES,)
_S3_PORTS = (
    Port.S3, Port.S3_GRPC, Port.S3_MASTER, Port.S3_MASTER_GRPC,
    Port.S3_VOLUME, Port.S3_VOLUME_GRPC, Port.S3_FILER, Port.S3_FILER_GRPC,
)  # fmt: skip
_RAY_PORTS = tuple(port for port in Port if port is Port.DASHBOARD or port.name.startswith("RAY"))


Deploy = Callable[[Home, RayAddress, Mapping[str, str], Teller], None]
"""Brings the services onto a running Ray; `launch` does it in a process of its own."""


class Part(StrEnum):
    POSTGRES = "PostgreSQL"
    S3 = "S3"
    RAY = "Ray"
    API = "API"


class Addresses(BaseModel):
    """Where a person reaches the running service."""

    model_config = ConfigDict(frozen=True)

    api: str
    docs: str
    dashboard: str
    started_at: float


class Installation:
    """Built from settings; touches nothing before `up`, and nothing that it did not start."""

    def __init__(self, settings: Settings, deploy: Deploy = launch) -> None:
        self.settings = settings
        self._deploy = deploy
        self.home = Home(settings.home)
        self.ports = PortBlock(settings.port_base)

    def up(self, teller: Teller) -> Addresses:
        """Starts every part that is not running. Whatever goes wrong, what was started is stopped again.

        Raises AlreadyRunning, Busy, PortTaken, DiskUnusable, PartFailed.
        """
        self.home.prepare()
        with self.home.lock():
            self._refuse_second_up()
            try:
                with self.home.writing():
                    return self._start(teller)
            except BaseException:
                with undisturbed(), teller.step("Stopping what was started"):
                    self._stop()
                raise

    def down(self, teller: Teller) -> None:
        """Stops every part that we started. Raises NotRunning when there is none, PartFailed when one stays."""
        if not self.home.root.exists():
            raise NotRunning(f"PixReunion is not running on {self.home.root}.", "Start it with `pixreunion up`.")
        with self.home.lock():
            if not any(self.status().values()):
                self.home.state.unlink(missing_ok=True)
                raise NotRunning(f"PixReunion is not running on {self.home.root}.", "Start it with `pixreunion up`.")
            with undisturbed(), teller.step("Stopping"):
                left = self._stop()
        if left:
            raise PartFailed(f"Still running: {', '.join(left)}.", "Try `pixreunion down` again.")

    def keep(self, action: Action, folder: Path | None, teller: Teller) -> str:
        """Backup, restore or rotation; PostgreSQL and S3 are started for it when they do not run.

        Raises AlreadyRunning for a restore beside running services, PartFailed when the action fails.
        """
        if action is Action.RESTORE and self.status()[Part.RAY]:
            raise AlreadyRunning("A restore needs the services stopped.", "`pixreunion down` first.")
        self.home.prepare()
        secrets = Secrets.load_or_draw(self.home.secrets)
        surroundings = password_files() | dict(secret_files(self.settings, self.home, self.ports, secrets))
        written = self.home.root / "plan.json"
        with self.home.lock(), self._servers_up(secrets, teller), teller.step(action.value.capitalize()):
            write_private(written, self.plan.model_dump_json())
            return keep(written, surroundings, action, folder)

    def addresses(self) -> Addresses | None:
        """What the last complete `up` printed; None when there was none."""
        try:
            return Addresses.model_validate_json(self.home.state.read_text())
        except FileNotFoundError:
            return None

    def status(self) -> dict[Part, bool]:
        """Which parts run now."""
        running: dict[Part, bool] = {}
        if self.settings.postgres_dsn is None:
            running[Part.POSTGRES] = self._postgres_mark() is not None
        if self.settings.s3 is None:
            running[Part.S3] = self._s3_mark() is not None
        running[Part.RAY] = bool(self._ray({}).running())
        running[Part.API] = self._answers()
        return running

    def processes(self) -> list[int]:
        """The pids of everything that runs for this installation."""
        marks = [mark for mark in (self._postgres_mark(), self._s3_mark()) if mark is not None]
        family = {process.pid for process in tree(marks)}
        return sorted(family | {process.pid for process in self._ray({}).running()})

    @property
    def ray_address(self) -> RayAddress:
        """By which a process joins our Ray."""
        return self._ray({}).address

    @property
    def plan(self) -> Plan:
        return plan(self.settings, self.home, self.ports)

    @property
    def embedded_s3(self) -> EmbeddedS3:
        """Raises ClusterError when S3 is not ours."""
        if self.settings.s3 is not None:
            raise ClusterError("S3 is not embedded here.", "Use your own provider's tools.")
        return self._s3(Secrets.load_or_draw(self.home.secrets))

    # -- starting ------------------------------------------------------------------------------------------------

    def _start(self, teller: Teller) -> Addresses:
        secrets = Secrets.load_or_draw(self.home.secrets)
        create_secret(self.home.root / "service.secret")
        surroundings = secret_files(self.settings, self.home, self.ports, secrets)
        ray = self._ray(surroundings)
        ray.stop()
        self._check_ports()
        starts = self._servers(secrets) | {Part.RAY: ray.start}
        with teller.step(f"Starting {', '.join(starts)}"):
            self._all_at_once(starts.values())
        write_private(self.home.root / "plan.json", self.plan.model_dump_json())
        self._deploy(self.home, ray.address, surroundings, teller)
        return self._note()

    @staticmethod
    def _all_at_once(starts: Collection[Callable[[], object]]) -> None:
        """Ctrl-C waits for them: what a thread is just starting could not be found to be stopped."""
        with undisturbed(), ThreadPoolExecutor(len(starts)) as pool:
            for future in [pool.submit(start) for start in starts]:
                future.result()

    @contextmanager
    def _servers_up(self, secrets: Secrets, teller: Teller) -> Iterator[None]:
        """PostgreSQL and S3 during the block; those that ran before it stay."""
        before = self.status()
        missing = {part: start for part, start in self._servers(secrets).items() if not before[part]}
        stops = {Part.POSTGRES: self._postgres(secrets).stop, Part.S3: self._s3(secrets).stop}
        with ExitStack() as stack:
            for part, start in missing.items():
                stack.callback(stops[part])
                with teller.step(f"Starting {part}"):
                    start()
            yield

    def _servers(self, secrets: Secrets) -> dict[Part, Callable[[], object]]:
        starts: dict[Part, Callable[[], object]] = {}
        if self.settings.postgres_dsn is None:
            starts[Part.POSTGRES] = self._postgres(secrets).start
        if self.settings.s3 is None:
            starts[Part.S3] = self._s3(secrets).start
        return starts

    def _check_ports(self) -> None:
        needed = [Port.INGRESS, *_RAY_PORTS]
        if self.settings.postgres_dsn is None and self._postgres_mark() is None:
            needed += _POSTGRES_PORTS
        if self.settings.s3 is None and self._s3_mark() is None:
            needed += _S3_PORTS
        self.ports.check_free(*needed)

    def _note(self) -> Addresses:
        api = f"http://{LOOPBACK}:{self.ports[Port.INGRESS]}"
        dashboard = f"http://{LOOPBACK}:{self.ports[Port.DASHBOARD]}"
        addresses = Addresses(api=api, docs=f"{api}/docs", dashboard=dashboard, started_at=time.time())
        write_private(self.home.state, addresses.model_dump_json())
        return addresses

    def _refuse_second_up(self) -> None:
        if self.home.state.exists() and all(self.status().values()):
            raise AlreadyRunning(
                f"PixReunion is already running on {self.home.root}.",
                "`pixreunion status` shows where; `pixreunion down` stops it; another PIXREUNION_HOME and "
                "PIXREUNION_PORT_BASE run a second one beside it.",
            )
        self.home.state.unlink(missing_ok=True)

    # -- stopping ------------------------------------------------------------------------------------------------

    def _stop(self) -> list[Part]:
        """Stops in reverse order; returns the parts that would not go."""
        secrets = Secrets.load_or_draw(self.home.secrets)
        self.home.state.unlink(missing_ok=True)
        left = [] if self._ray({}).stop() else [Part.RAY]
        left += [] if self._s3(secrets).stop() else [Part.S3]
        left += [] if self._postgres(secrets).stop() else [Part.POSTGRES]
        return left

    # -- parts ---------------------------------------------------------------------------------------------------

    def _postgres(self, secrets: Secrets) -> EmbeddedPostgres:
        address = PostgresAddress(self.ports[Port.POSTGRES], secrets.postgres_password)
        return EmbeddedPostgres(self.home.postgres, address, self._mark(Part.POSTGRES), self.home.logs / "postgres.log")

    def _s3(self, secrets: Secrets) -> EmbeddedS3:
        address = S3Address(self.ports, secrets.s3_access_key, secrets.s3_secret_key, secrets.s3_signing)
        return EmbeddedS3(self.home.s3, address, self._mark(Part.S3), self.home.logs / "s3.log")

    def _ray(self, surroundings: Mapping[str, str]) -> RayHead:
        return RayHead(self.home, self.ports, self.settings.ray, surroundings)

    def _mark(self, part: Part) -> Path:
        return self.home.marks / part.name.lower()

    def _postgres_mark(self) -> ProcessMark | None:
        return self._postgres(Secrets()).running()

    def _s3_mark(self) -> ProcessMark | None:
        return self._s3(Secrets()).running()

    def _answers(self) -> bool:
        try:
            url = f"http://{LOOPBACK}:{self.ports[Port.INGRESS]}/v1/health"
            return httpx.get(url, timeout=2.0, trust_env=False).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False
