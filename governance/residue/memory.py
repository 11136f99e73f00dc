"""Read the memory of other processes through /proc, without stopping them and without making them grow.

Only pages that exist are read: a reserved but untouched area has no content, and touching a page of shared memory
would create it. Read-only mappings of files are left out, being those files. Files without a name (deleted ones kept
open, such as Ray's object store, and anonymous shared memory) are read once, through whichever process has them.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from governance.residue.files import read_file
from governance.residue.report import Place
from governance.residue.source import CHUNK, Chunks, Source, SourceUnreadable

_LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ (\S+) \d+ *(.*)")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_EXISTS = np.uint64((1 << 63) | (1 << 62))  # in memory, or swapped out
_NO_CONTENT = ("[vvar", "[vdso]", "[vsyscall]")
_SHARED = ("/dev/", "/memfd:", "/SYSV")
_DELETED = " (deleted)"
_BATCH = 1 << 16


@dataclass(frozen=True, slots=True)
class Area:
    """One mapping of a process: addresses [start, stop) and the name /proc gives it."""

    start: int
    stop: int
    name: str

    @property
    def shared(self) -> bool:
        """Whether it is shared memory: a file, with a name in /dev/shm or with none."""
        return self.name.startswith(_SHARED)


def processes(pids: Iterable[int], skip: Iterable[int] = ()) -> Iterator[Source]:
    """The memory of these processes and the nameless files they have; never of the scanning process itself."""
    left_out = {os.getpid(), *skip}
    seen: set[tuple[int, int]] = set()
    for pid in pids:
        if pid not in left_out:
            yield from process(pid, seen)


def process(pid: int, seen: set[tuple[int, int]]) -> Iterator[Source]:
    """One process' memory, area by area, and its nameless files but those `seen` (device, inode).

    A process that has ended holds nothing.
    """
    label = f"process {pid} ({_command(pid)})"
    try:
        areas = _areas(pid)
    except (FileNotFoundError, ProcessLookupError):
        return
    except OSError as error:
        yield Source(Place.MEMORY, label, partial(_refuse, error.strerror))
        return
    for area in areas:
        if not area.shared:
            name = f"{label} {area.name or 'anonymous'} at {area.start:#x}"
            yield Source(Place.MEMORY, name, partial(_read_area, pid, area))
    yield from _nameless_files(pid, label, areas, seen)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "ended"


def _areas(pid: int) -> list[Area]:
    found = []
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        match = _LINE.fullmatch(line)
        assert match is not None, "the kernel writes maps in one form"
        start, stop, rights, device, name = match.groups()
        area = Area(int(start, 16), int(stop, 16), name)
        from_file = device != "00:00" and not area.shared
        if rights[0] == "r" and not (from_file and rights[1] != "w") and not name.startswith(_NO_CONTENT):
            found.append(area)
    return found


def _read_area(pid: int, area: Area) -> Chunks:
    try:
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory, open(f"/proc/{pid}/pagemap", "rb") as pages:
            for start, stop in _existing(pages.fileno(), area):
                yield from _read_run(memory.fileno(), start, stop)
    except (FileNotFoundError, ProcessLookupError):
        return
    except OSError as error:
        raise SourceUnreadable(error.strerror) from error


def _existing(pagemap: int, area: Area) -> Iterator[tuple[int, int]]:
    """Runs of addresses whose pages exist."""
    for base in range(area.start // _PAGE, area.stop // _PAGE, _BATCH):
        count = min(_BATCH, area.stop // _PAGE - base)
        entries = np.frombuffer(os.pread(pagemap, count * 8, base * 8), np.uint64)
        exists = np.concatenate([[False], (entries & _EXISTS) != 0, [False]])
        edges = np.flatnonzero(exists[1:] != exists[:-1])
        for first, last in edges.reshape(-1, 2).tolist():
            yield (base + first) * _PAGE, (base + last) * _PAGE


def _read_run(memory: int, start: int, stop: int) -> Chunks:
    while start < stop:
        try:
            chunk = os.pread(memory, min(CHUNK, stop - start), start)
        except OSError as error:
            if error.errno == errno.EIO:  # unmapped since it was listed
                return
            raise
        if not chunk:
            return
        yield start, chunk
        start += len(chunk)


def _nameless_files(pid: int, label: str, areas: list[Area], seen: set[tuple[int, int]]) -> Iterator[Source]:
    links = [f"/proc/{pid}/fd/{name}" for name in _listing(f"/proc/{pid}/fd")]
    mapped = {f"/proc/{pid}/map_files/{area.start:x}-{area.stop:x}": area for area in areas if area.shared}
    for link in (*links, *mapped):
        try:
            target, status = os.readlink(link), os.stat(link)
        except PermissionError:
            # Without the right to follow it, what this process has touched of it can still be read.
            area = mapped[link]
            yield Source(Place.SHARED_MEMORY, f"{label} {area.name}", partial(_read_area, pid, area))
            continue
        except OSError:
            continue
        identity = (status.st_dev, status.st_ino)
        if stat.S_ISREG(status.st_mode) and target.endswith(_DELETED) and identity not in seen:
            seen.add(identity)
            place = Place.SHARED_MEMORY if target.startswith(_SHARED) else Place.MEMORY
            yield Source(place, f"{label} {target}", partial(read_file, link, follow=True))


def _listing(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _refuse(why: str | None) -> Chunks:
    raise SourceUnreadable(why)
