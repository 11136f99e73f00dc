"""ClamAV by its INSTREAM command: the file goes in chunks, each after its length, and one line comes back (clamd(8)).

    zINSTREAM\\0 <4 bytes length><chunk> … <4 bytes 0>   →   stream: OK\\0 | stream: NAME FOUND\\0 | … ERROR\\0
"""

import socket
import struct

from serve_apps.checks.model import ScannerUnavailable

CHUNK = 65_536
MOST_ANSWER = 4096


class ClamAV:
    """A `VirusScanner` that asks a clamd at `host:port`, or at a socket's path."""

    def __init__(self, address: str, timeout_s: float) -> None:
        self._address, self._timeout_s = address, timeout_s

    def scan(self, data: bytes | bytearray) -> str | None:
        """See `VirusScanner.scan`."""
        try:
            with self._connect() as connection:
                answer = _ask(connection, data)
        except (OSError, ValueError) as error:
            raise ScannerUnavailable(f"the virus scanner does not answer ({type(error).__name__})") from None
        verdict = answer.removeprefix("stream: ")
        if verdict == "OK":
            return None
        if verdict.endswith(" FOUND"):
            return verdict.removesuffix(" FOUND")
        raise ScannerUnavailable("the virus scanner could not read the file")

    def _connect(self) -> socket.socket:
        if self._address.startswith("/"):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(self._timeout_s)
            connection.connect(self._address)
            return connection
        host, _, port = self._address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), self._timeout_s)


def _ask(connection: socket.socket, data: bytes | bytearray) -> str:
    connection.sendall(b"zINSTREAM\0")
    view = memoryview(data)
    for start in range(0, len(view), CHUNK):
        chunk = view[start : start + CHUNK]
        connection.sendall(struct.pack(">I", len(chunk)))
        connection.sendall(chunk)
    connection.sendall(struct.pack(">I", 0))
    answer = bytearray()
    while not answer.endswith(b"\0") and len(answer) < MOST_ANSWER:
        piece = connection.recv(MOST_ANSWER)
        if not piece:
            break
        answer += piece
    return answer.rstrip(b"\0").decode("ascii", "replace").strip()
