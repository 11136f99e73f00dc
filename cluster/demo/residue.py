"""Looks for what may be left of a person: on the disk, in shared memory and in the memory of every service."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from governance.residue.canary import Canary
from governance.residue.files import directory
from governance.residue.memory import processes
from governance.residue.report import Place, ScanReport
from governance.residue.scanner import Scanner
from governance.residue.source import Source


@dataclass(frozen=True)
class Traces:
    """What would be recognised: files as they were sent or received, and texts, all of one person."""

    photos: Sequence[bytes] = field(repr=False)
    pictures: Sequence[bytes] = field(repr=False)
    texts: Sequence[str] = field(repr=False)
    files: Sequence[bytes] = field(default=(), repr=False)

    def canaries(self) -> list[Canary]:
        """Each with a neutral id; contents are never shown."""
        found = [Canary.photo(f"photo-{n}", data) for n, data in enumerate(self.photos)]
        found += [Canary.photo(f"picture-{n}", data) for n, data in enumerate(self.pictures)]
        found += [Canary.text(f"text-{n}", text) for n, text in enumerate(self.texts)]
        return found + [Canary.raw(f"file-{n}", data) for n, data in enumerate(self.files)]


class ResidueScan:
    """A scan for one person's traces. `strangers`: files of other people, whose common parts tell nothing."""

    def __init__(self, traces: Traces, strangers: Sequence[bytes]) -> None:
        self._traces = traces
        self._scanner = Scanner(traces.canaries(), [part for file in strangers for part in _forms(file)])

    def missed(self) -> list[str]:
        """The traces that the scan would not find if they lay open; empty when the scan can be believed."""
        control = [*self._traces.photos, *self._traces.pictures, *self._traces.files]
        control += [text.encode() for text in self._traces.texts]
        return [f"trace {n}" for n, data in enumerate(control) if not any(self._scanner.search(data))]

    def run(self, folders: Iterable[Path], pids: Iterable[int]) -> ScanReport:
        """Reads every file below the folders and all memory of the processes."""
        return self._scanner.scan(_sources(folders, pids))


def _sources(folders: Iterable[Path], pids: Iterable[int]) -> Iterator[Source]:
    for folder in folders:
        yield from directory(Place.DATA, folder)
    yield from processes(pids)


def _forms(file: bytes) -> Iterator[bytes]:
    """A stranger's file, and its pixels as they lie in memory."""
    yield file
    with Image.open(io.BytesIO(file)) as image:
        yield image.convert("RGB").tobytes()
