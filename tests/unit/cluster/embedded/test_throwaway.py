from pathlib import Path

from cluster.embedded.seaweed import BUCKET
from cluster.embedded.throwaway import throwaway_servers
from cluster.ports import Port, PortBlock


def test_nothing_is_left_of_throwaway_servers() -> None:
    with throwaway_servers() as servers:
        servers.s3.client().put_object(Bucket=BUCKET, Key="a", Body=b"b")
        marks = servers.postgres.running(), servers.s3.running()
        assert all(mark is not None and mark.alive for mark in marks)
        root = servers.home.root
        ports = servers.s3.address.ports
        sockets = [path for path in Path("/tmp").glob("seaweedfs-*.sock") if path.stem.endswith(_numbers(ports))]
        assert len(sockets) >= 3
    assert not any(mark is not None and mark.alive for mark in marks)
    assert not root.exists()
    assert not any(socket.exists() for socket in sockets)


def _numbers(ports: PortBlock) -> tuple[str, ...]:
    return tuple(f"-{ports[port]}" for port in Port)
