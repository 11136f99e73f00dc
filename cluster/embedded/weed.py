"""How the SeaweedFS server is called: where it listens, its flags, and the files that it reads."""

import json
import os
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster.errors import PartMissing
from cluster.ports import LOOPBACK, Port, PortBlock
from cluster.processes import ProcessMark

_SOCKETS = Path("/tmp")  # noqa: S108 - the server's own choice
# A bucket begins with one volume instead of seven: they are counted against the disk's size, used or not.
_MASTER = "[master.volume_growth]\ncopy_1 = 1\n"


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


def binary() -> Path:
    """Raises PartMissing."""
    path = Path(sysconfig.get_path("scripts")) / "weed"
    if not path.exists():
        raise PartMissing("SeaweedFS is not installed.", "Run `make setup`.")
    return path


def environment(directory: Path) -> Mapping[str, str]:
    """Of the server and of its shell."""
    return {"PATH": os.defpath, "HOME": str(directory), "TZ": "UTC", "GOMEMLIMIT": "400MiB"}


def server(directory: Path, address: S3Address, open_to_requests: bool) -> Sequence[str]:
    """The command line of the server; without the S3 interface nobody can write to it."""
    flags = _inner(directory, address.ports)
    flags |= _interface(directory, address.ports) if open_to_requests else {"s3": "false"}
    return [str(binary()), "-logtostderr", "server", *(f"-{name}={value}" for name, value in flags.items())]


def takes_requests(server: ProcessMark) -> bool:
    """Whether this running server was started with the S3 interface."""
    process = server.process()
    return process is not None and "-s3=true" in process.cmdline()


def _inner(directory: Path, ports: PortBlock) -> dict[str, object]:
    return {
        "dir": volumes(directory),
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
        "filer.localSocket": directory / "filer.sock",
        "filer.exposeDirectoryData": "false",
    }


def _interface(directory: Path, ports: PortBlock) -> dict[str, object]:
    return {
        "s3": "true",
        "s3.port": ports[Port.S3],
        "s3.port.grpc": ports[Port.S3_GRPC],
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.config": directory / "s3.json",
        "s3.iam": "false",
        "s3.localSocket": directory / "s3.sock",
    }


def shell(address: S3Address) -> Sequence[str]:
    """The command line of its shell for administrators; commands come on standard input."""
    ports = address.ports
    master = f"{LOOPBACK}:{ports[Port.S3_MASTER]}.{ports[Port.S3_MASTER_GRPC]}"
    filer = f"{LOOPBACK}:{ports[Port.S3_FILER]}.{ports[Port.S3_FILER_GRPC]}"
    return [str(binary()), "-logtostderr", "shell", f"-master={master}", f"-filer={filer}"]


def volumes(directory: Path) -> Path:
    """Where the bytes lie, in `*.dat`."""
    return directory / "volumes"


def volume_ids(directory: Path) -> Sequence[int]:
    """Of every volume on the disk: the server names their files after the bucket and the number."""
    return [int(path.stem.rpartition("_")[2]) for path in volumes(directory).glob("*.dat")]


def write_files(directory: Path, address: S3Address) -> None:
    """What the server reads when it starts: who may come in, how its parts know each other."""
    volumes(directory).mkdir(exist_ok=True)
    key = {"accessKey": address.access_key, "secretKey": address.secret_key}
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identity = {"name": "pixreunion", "credentials": [key], "actions": actions}
    _write_secret(directory / "s3.json", json.dumps({"identities": [identity]}))
    tables = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
    security = "".join(f'[{table}]\nkey = "{address.signing}"\n' for table in tables)
    _write_secret(directory / "security.toml", security)
    (directory / "master.toml").write_text(_MASTER)


def sockets(address: S3Address) -> Sequence[Path]:
    """What the server leaves behind: where these lie cannot be set."""
    inner = {"master": Port.S3_MASTER_GRPC, "volume": Port.S3_VOLUME_GRPC, "s3": Port.S3_GRPC}
    return [_SOCKETS / f"seaweedfs-{name}-grpc-{address.ports[port]}.sock" for name, port in inner.items()]


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
