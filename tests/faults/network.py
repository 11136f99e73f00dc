"""A network of one's own for a process, and a wire to it that can be cut, as root."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

HERE, THERE = "10.213.7.1", "10.213.7.2"


@dataclass(frozen=True, slots=True)
class FarNetwork:
    """Processes started with `prefix` reach this side at `HERE`, as long as the wire is whole."""

    name: str

    @property
    def prefix(self) -> list[str]:
        return ["ip", "netns", "exec", self.name]

    def cut(self) -> None:
        """Packets vanish without an answer, as when a switch dies."""
        _ip("link", "set", f"{self.name}-a", "down")

    def mend(self) -> None:
        _ip("link", "set", f"{self.name}-a", "up")


@contextmanager
def far_network() -> Iterator[FarNetwork]:
    """A network namespace with a virtual wire to this one."""
    far = FarNetwork(f"px{uuid4().hex[:8]}")
    near_end, far_end = f"{far.name}-a", f"{far.name}-b"
    _ip("netns", "add", far.name)
    try:
        _ip("link", "add", near_end, "type", "veth", "peer", "name", far_end, "netns", far.name)
        _ip("addr", "add", f"{HERE}/30", "dev", near_end)
        _ip("link", "set", near_end, "up")
        for command in (("addr", "add", f"{THERE}/30", "dev", far_end), ("link", "set", far_end, "up")):
            _ip("-netns", far.name, *command)
        yield far
    finally:
        _ip("netns", "del", far.name)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr} (root and iproute2 are needed)"


@dataclass(slots=True)
class Relay:
    """Hands every connection at `host:port` on to a server of this machine, `delay_s` later each way."""

    host: str
    port: int
    delay_s: float = 0.0
    _pumps: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, behind: int) -> None:
        try:
            inner = await asyncio.open_connection("127.0.0.1", behind)
        except OSError:
            writer.close()
            return
        for source, sink in ((reader, inner[1]), (inner[0], writer)):
            pump = asyncio.create_task(self._pump(source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while piece := await source.read(1 << 16):
                await asyncio.sleep(self.delay_s)
                sink.write(piece)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()

    def stop(self) -> None:
        for pump in self._pumps:
            pump.cancel()


@asynccontextmanager
async def relayed(behind: int, host: str = "127.0.0.1") -> AsyncIterator[Relay]:
    """A relay to `127.0.0.1:behind` for the length of the block."""
    relay = Relay(host, 0)
    server = await asyncio.start_server(lambda r, w: relay.serve(r, w, behind), host, 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        relay.stop()
