"""Hide leaks in every kind of place and count how many the scanner finds: its recall.

Files, sparse files, file names, shared memory, object versions, and the memory of a child process: heap, anonymous
shared memory and a file that was deleted while open. The same leaks of strangers are hidden as well; whatever is
reported of them is a false alarm.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from governance.residue.canary import Canary
from governance.residue.files import directory
from governance.residue.leaks import Leak, Secret, make_leaks
from governance.residue.memory import processes
from governance.residue.report import Finding, Place
from governance.residue.scanner import Scanner
from governance.residue.source import Source, object_versions

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (the place itself is what is tested)
_PADDING = 200_000


@dataclass(frozen=True, slots=True)
class Recall:
    """How many planted leaks were found, which were not, and how many strangers were taken for them."""

    planted: int
    found: int
    missed: tuple[str, ...]
    false_alarms: tuple[str, ...]
    scanned_bytes: int
    seconds: float

    @property
    def recall(self) -> float:
        """The share of planted leaks that were found."""
        return self.found / self.planted if self.planted else 0.0


@dataclass(frozen=True, slots=True)
class Plant:
    """A leak of person `owner` at a known place: a source's name, and there bytes [start, stop)."""

    leak: Leak
    owner: str
    source: str
    start: int = 0
    stop: int = 1 << 62

    def explains(self, finding: Finding) -> bool:
        """Whether a finding lies within this plant (a stream inside may begin a little before it shows)."""
        return self.source in finding.source and self.start - 64 <= finding.offset < self.stop


@dataclass(slots=True)
class Garden:
    """Where everything was planted, and the sources to scan."""

    plants: list[Plant] = field(default_factory=list)
    sources: list[Callable[[], Iterator[Source]]] = field(default_factory=list)


def invented_secret(seed: int, side: int = 256) -> Secret:
    """A secret of random shapes and grain, a text of random words and a random tensor; nobody's."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 7, 3), np.uint8))
    smooth = np.asarray(coarse.resize((side, side), Image.Resampling.BICUBIC), np.float32)
    grain = rng.normal(0, 6, (side, side, 3)).astype(np.float32)
    image = Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))
    with tempfile.SpooledTemporaryFile() as file:
        image.save(file, "JPEG", quality=90)
        file.seek(0)
        photo = file.read()
    letters = "".join(chr(97 + n) for n in rng.integers(0, 26, 40))
    text = f"{letters[:9].title()} Sørås {letters[9:20]} <{letters[20:]}@example.org>"
    return Secret(photo, text, rng.normal(0, 1, (4, 32, 32)).astype(np.float32))


def canaries_of(secret: Secret, owner: str) -> list[Canary]:
    """What to search for when this secret must be gone."""
    return [
        Canary.photo(f"{owner}-photo", secret.photo),
        Canary.text(f"{owner}-text", secret.text),
        Canary.tensor(f"{owner}-tensor", secret.tensor),
    ]


def measure_recall(folder: Path, secrets: Sequence[Secret], strangers: Sequence[Secret] = (), seed: int = 0) -> Recall:
    """Plant every leak of every secret in every place below `folder` (and in memory), scan, and count."""
    owned = {f"person-{i}": secret for i, secret in enumerate(secrets)}
    others = {f"stranger-{i}": secret for i, secret in enumerate(strangers)}
    canaries = [canary for owner, secret in owned.items() for canary in canaries_of(secret, owner)]
    # Phrases that strangers' texts share are nobody's secret.
    scanner = Scanner(canaries, strangers=[other.text.encode() for other in strangers])
    with planted(folder, {**owned, **others}, Random(seed)) as garden:
        report = scanner.scan(source for sources in garden.sources for source in sources())
    ours = [plant for plant in garden.plants if plant.owner in owned]
    missed = [plant for plant in ours if not any(_shows(plant, finding) for finding in report.findings)]
    alarms = [f for f in report.findings if not any(p.explains(f) and _shows(p, f) for p in ours)]
    return Recall(
        planted=len(ours),
        found=len(ours) - len(missed),
        missed=tuple(f"{plant.leak.name} in {plant.source}" for plant in missed),
        false_alarms=tuple(str(finding) for finding in alarms),
        scanned_bytes=sum(report.scanned.values()),
        seconds=report.seconds,
    )


def _shows(plant: Plant, finding: Finding) -> bool:
    return plant.explains(finding) and finding.canary.startswith(plant.owner)


@contextmanager
def planted(folder: Path, secrets: dict[str, Secret], random: Random) -> Iterator[Garden]:
    """All leaks of all secrets in all places; shared memory and the child process go away at the end."""
    garden = Garden()
    leaks = [(owner, leak) for owner, secret in secrets.items() for leak in make_leaks(secret, random)]
    _plant_files(garden, folder / "files", leaks, random)
    _plant_versions(garden, leaks, random)
    with (
        tempfile.TemporaryDirectory(prefix="pixreunion-planted-", dir=_SHARED_MEMORY) as shared,
        _memory_holder(garden, folder, leaks),
    ):
        _plant_files(garden, Path(shared), leaks, random, place=Place.SHARED_MEMORY)
        yield garden


def _plant_files(
    garden: Garden, folder: Path, leaks: list[tuple[str, Leak]], random: Random, place: Place = Place.DATA
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, (owner, leak) in enumerate(leaks):
        path = folder / f"{number:05d}.bin"
        before = random.randrange(_PADDING)
        with path.open("wb") as file:
            file.write(random.randbytes(before % 4096))
            file.seek(before)  # a hole in between, where the file system makes one
            file.write(leak.data)
            file.write(random.randbytes(random.randrange(5000)))
        garden.plants.append(Plant(leak, owner, str(path), before, before + len(leak.data)))
    garden.sources.append(lambda: directory(place, folder))


def _plant_versions(garden: Garden, leaks: list[tuple[str, Leak]], random: Random) -> None:
    versions = []
    for number, (owner, leak) in enumerate(leaks):
        before = random.randbytes(random.randrange(2000))
        versions.append((f"object-{number:05d}?version=1", before + leak.data + random.randbytes(64)))
        garden.plants.append(Plant(leak, owner, versions[-1][0], len(before), len(before) + len(leak.data)))
    garden.sources.append(lambda: object_versions(versions))


# The child copies what it reads straight into its own pages, so that there is one copy of each leak, at an address
# it tells. Leaks go in turn to private memory, to anonymous shared memory and to a deleted file; an unreadable page
# keeps private areas apart.
_CHILD = """
import ctypes, mmap, os, sys
kinds = ("private", "shared", "deleted")
source = os.fdopen(0, "rb", buffering=0)
held, told = [], []
def fill(view):
    at = 0
    while at < len(view):
        at += source.readinto(view[at:])
for number, size in enumerate(map(int, sys.argv[2].split(","))):
    kind = kinds[number % 3]
    if kind == "private":
        private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        area = mmap.mmap(-1, size, flags=private)
        held.append(mmap.mmap(-1, mmap.PAGESIZE, flags=private, prot=0))
    elif kind == "shared":
        file = os.memfd_create(f"held-{number}")
        os.ftruncate(file, size)
        area = mmap.mmap(file, size)
    else:
        path = f"{sys.argv[1]}/held-{number}"
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.unlink(path)
        os.ftruncate(file, size)
        area = mmap.mmap(file, size)
    fill(memoryview(area))
    held.append(area)
    told.append(f"{kind} {ctypes.addressof(ctypes.c_char.from_buffer(area))}")
print("\\n".join(told), flush=True)
print("ready", flush=True)
source.read(1)
"""


@contextmanager
def _memory_holder(garden: Garden, folder: Path, leaks: list[tuple[str, Leak]]) -> Iterator[None]:
    sizes = ",".join(str(len(leak.data)) for _, leak in leaks)
    command = [sys.executable, "-I", "-c", _CHILD, str(folder), sizes]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for _, leak in leaks:
            child.stdin.write(leak.data)
        child.stdin.flush()
        lines = iter(child.stdout.readline, b"ready\n")
        places = [line.split() for line in lines]
        for number, ((owner, leak), (kind, address)) in enumerate(zip(leaks, places, strict=True)):
            garden.plants.append(_held_plant(number, owner, leak, kind.decode(), int(address)))
        garden.sources.append(lambda: processes([child.pid]))
        try:
            yield
        finally:
            child.stdin.close()


def _held_plant(number: int, owner: str, leak: Leak, kind: str, address: int) -> Plant:
    if kind == "private":
        return Plant(leak, owner, "", address, address + len(leak.data))
    return Plant(leak, owner, f"held-{number} (deleted)")
