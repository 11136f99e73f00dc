"""The ports of one installation: a block of neighbours on the loopback address, one for each listener."""

import random
import socket
from enum import IntEnum

import psutil

from cluster.errors import PortTaken

LOOPBACK = "127.0.0.1"
BLOCK = 32


class Port(IntEnum):
    """Offsets in the block. The first ones are those a person types."""

    INGRESS = 0
    DASHBOARD = 1
    POSTGRES = 2
    S3 = 3
    S3_GRPC = 4
    S3_MASTER = 5
    S3_MASTER_GRPC = 6
    S3_VOLUME = 7
    S3_VOLUME_GRPC = 8
    S3_FILER = 9
    S3_FILER_GRPC = 10
    RAY_GCS = 11
    RAY_NODE = 12
    RAY_OBJECTS = 13
    RAY_AGENT_HTTP = 14
    RAY_AGENT_GRPC = 15
    RAY_RUNTIME_ENV = 16
    RAY_METRICS = 17
    RAY_CLIENT = 18


class PortBlock:
    """The block that starts at `base`."""

    def __init__(self, base: int) -> None:
        self.base = base

    def __getitem__(self, port: Port) -> int:
        return self.base + port

    def check_free(self, *ports: Port) -> None:
        """Raises PortTaken naming the first port that somebody else listens on, and who it is if that can be seen."""
        for port in ports or tuple(Port):
            if not is_free(self[port]):
                raise PortTaken(
                    f"Port {self[port]} ({port.name.lower().replace('_', ' ')}) is in use{_by_whom(self[port])}.",
                    "Stop that program, or choose another block of ports: PIXREUNION_PORT_BASE=<first of "
                    f"{BLOCK} free ports>.",
                )


def is_free(port: int) -> bool:
    """Whether a server could listen on the loopback port now (a closed connection lingering there is no obstacle)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_block() -> PortBlock:
    """A block whose ports are all free now, outside the range the kernel and Ray's workers draw from."""
    for _ in range(200):
        block = PortBlock(random.randrange(20_000, 32_000, BLOCK))
        if all(is_free(block[port]) for port in Port):
            return block
    raise PortTaken("No block of free ports was found.", "Stop programs that listen between 20000 and 32000.")


def _by_whom(port: int) -> str:
    """Who listens on the port, as far as our rights let us see."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1:2] == (port,) and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        return ""
    return ""
