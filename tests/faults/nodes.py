"""A Ray of several nodes on one machine, of which any but the first can be lost at once with all that runs there."""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import ray
from ray._private.node import Node
from ray.cluster_utils import Cluster as RayCluster

from governance.calls import NAMESPACE

WORKERS = 2


class Nodes:
    """A head without processors, where the driver is, and nodes with room for one trainer each."""

    def __init__(self) -> None:
        self._ray: RayCluster | None = None

    @contextmanager
    def started(self, folder: Path) -> Iterator[None]:
        """For the length of the block; files in `folder`."""
        with pytest.MonkeyPatch.context() as patch:
            # Also for the address that Ray leaves to whoever looks for a Ray: another one's stays as it is.
            patch.setenv("RAY_TMPDIR", str(folder))
            (folder / "ray").mkdir()
            self._ray = RayCluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
            try:
                for _ in range(WORKERS):
                    self._ray.add_node(num_cpus=1)
                ray.init(address=self._ray.address, namespace=NAMESPACE, log_to_driver=False)
                yield
            finally:
                ray.shutdown()
                self._ray.shutdown()

    def of(self, kind: str) -> list[Node]:
        """Nodes on which a process of that actor class runs."""
        return [node for node in self._workers() if any(_is(process, kind) for process in _on(node))]

    def lose(self, node: Node) -> None:
        """SIGKILL to everything on it in one go, and an empty one in its place."""
        assert self._ray is not None
        for process in _on(node):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        self._ray.remove_node(node, allow_graceful=False)
        self._ray.add_node(num_cpus=1)

    def any(self, chance: random.Random) -> Node:
        return chance.choice(self._workers())

    def _workers(self) -> list[Node]:
        """In an order that does not change from run to run."""
        assert self._ray is not None
        return sorted(self._ray.worker_nodes, key=lambda node: str(node.node_manager_port))


def _on(node: Node) -> list[psutil.Process]:
    """The raylet, and everything that it started."""
    [raylet] = node.all_processes["raylet"]
    with suppress(psutil.NoSuchProcess):
        whole = psutil.Process(raylet.process.pid)
        return [whole, *whole.children(recursive=True)]
    return []


def _is(process: psutil.Process, kind: str) -> bool:
    with suppress(psutil.Error):
        return " ".join(process.cmdline()).startswith(f"ray::{kind}")
    return False
