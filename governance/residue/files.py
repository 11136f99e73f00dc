"""Read every file under a directory, as raw bytes, with its name.

Files come and go while a running system is scanned: one that vanished left nothing behind, one that may not be read is
reported. Links are not followed: what they point to is a place of its own.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from governance.residue.report import Place
from governance.residue.source import CHUNK, Chunks, Source, SourceUnreadable, from_bytes

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


def directory(place: Place, root: Path) -> Iterator[Source]:
    """All regular files below `root`, sparse ones without their holes, and the names of everything.

    A `root` that does not exist holds nothing.
    """
    names: list[str] = []
    problems: list[OSError] = []
    for folder, folders, files in os.walk(root, onerror=problems.append):
        names += [os.path.join(folder, name) for name in (*folders, *files)]
        for name in files:
            path = os.path.join(folder, name)
            if _is_regular(path):
                yield Source(place, path, partial(read_file, path))
    listing = os.fsencode("\n".join(names))
    yield from_bytes(place, f"file names below {root}", listing)
    for problem in problems:
        if not isinstance(problem, FileNotFoundError):
            yield Source(place, str(problem.filename), partial(_refuse, problem.strerror))


def read_file(path: str, follow: bool = False) -> Chunks:
    """The file's bytes in chunks, holes left out. `follow`: through a link, as those in /proc are.

    Raises:
        SourceUnreadable: it may not be read.
    """
    try:
        descriptor = os.open(path, _FLAGS if follow else _FLAGS | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    except OSError as error:
        raise SourceUnreadable(error.strerror) from error
    try:
        yield from _read_open(descriptor)
    except OSError as error:
        raise SourceUnreadable(error.strerror) from error
    finally:
        os.close(descriptor)


def _read_open(descriptor: int) -> Chunks:
    offset = 0
    while True:
        try:
            start = os.lseek(descriptor, offset, os.SEEK_DATA)
            stop = os.lseek(descriptor, start, os.SEEK_HOLE)
        except OSError:  # no data after this offset
            return
        while start < stop:
            chunk = os.pread(descriptor, min(CHUNK, stop - start), start)
            if not chunk:
                return
            yield start, chunk
            start += len(chunk)
        offset = stop


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _refuse(why: str | None) -> Chunks:
    raise SourceUnreadable(why)
