"""How much memory everything together takes at its peak."""

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

EVERY_S = 1.0


def proportional_bytes(pids: Iterable[int]) -> int:
    """Memory of these processes, pages that several share counted once (the kernel's proportional set size)."""
    return sum(_pss(pid) for pid in pids)


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0


class PeakMemory:
    """Samples this process, its children and `others()` in the background while the block runs."""

    def __init__(self, others: Callable[[], Iterable[int]], every_s: float = EVERY_S) -> None:
        self.peak_bytes = 0
        self.peak_rss_bytes = 0
        self._others = others
        self._every_s = every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def sample(self) -> None:
        """One look. The plain sum of resident sizes counts shared pages once for each process."""
        own = psutil.Process(os.getpid())
        pids = {own.pid, *(child.pid for child in own.children(recursive=True)), *self._others()}
        self.peak_bytes = max(self.peak_bytes, proportional_bytes(pids))
        self.peak_rss_bytes = max(self.peak_rss_bytes, sum(_rss(pid) for pid in pids))

    def _watch(self) -> None:
        while not self._ended.wait(self._every_s):
            self.sample()


def _rss(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
