"""A clamd as its manual describes INSTREAM, with a size limit and one signature, on a real socket."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LIMIT = 30_000_000


@dataclass
class Clamd:
    """Where it listens, and how many bytes it was given each time."""

    address: str
    scanned: list[int] = field(default_factory=list)


class _Handler(socketserver.StreamRequestHandler):
    clamd: Clamd

    def handle(self) -> None:
        command = b""
        while not command.endswith(b"\0"):
            command += self.rfile.read(1)
        assert command == b"zINSTREAM\0"
        data = b""
        while size := struct.unpack(">I", self.rfile.read(4))[0]:
            data += self.rfile.read(size)
        self.clamd.scanned.append(len(data))
        if len(data) > LIMIT:
            self.wfile.write(b"INSTREAM size limit exceeded. ERROR\0")
        else:
            self.wfile.write(b"stream: Eicar-Test-Signature FOUND\0" if EICAR in data else b"stream: OK\0")


@contextmanager
def clamd(path: Path | None = None) -> Iterator[Clamd]:
    """At a socket's path, or at a free port of this machine."""
    handler = type("Handler", (_Handler,), {})
    server: socketserver.BaseServer
    if path is not None:
        server, listening = socketserver.ThreadingUnixStreamServer(str(path), handler), Clamd(str(path))
    else:
        tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
        server, listening = tcp, Clamd(f"127.0.0.1:{tcp.server_address[1]}")
    handler.clamd = listening  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, name="clamd")
    thread.start()
    try:
        yield listening
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
