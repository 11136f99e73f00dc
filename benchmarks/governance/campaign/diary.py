"""What a process that may be killed at any time knows it did: ids alone, one line each, flushed before it goes on."""

import json
import os
from dataclasses import dataclass, field
from hashlib import sha512
from pathlib import Path
from typing import Any

from governance.ids import ArtifactId, SubjectId


def content(seed: int, person: int, number: int) -> bytes:
    """What is in somebody's artifact: nobody else's bytes look like it, and it need not be kept to be known again."""
    return sha512(f"{seed}/{person}/{number}".encode()).hexdigest().encode() * 4


@dataclass(slots=True)
class Person:
    """`made`: artifact and the number of its content, in order; `slices`: of their sealed bytes in the bucket."""

    id: SubjectId
    goes: bool
    made: list[tuple[ArtifactId, int]] = field(default_factory=list)
    slices: list[bytes] = field(default_factory=list)
    erased: list[ArtifactId] = field(default_factory=list)


class Diary:
    """One line per event, read back by whoever goes on."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "diary.jsonl"
        self.people: dict[int, Person] = {}
        self.requests: set[str] = set()
        for line in self._path.read_text().splitlines() if self._path.exists() else []:
            self._take(json.loads(line))

    def signed_up(self, number: int, id: SubjectId, goes: bool) -> None:
        self._note({"person": number, "id": id, "goes": goes})

    def made(self, number: int, id: ArtifactId, what: int, sealed: bytes) -> None:
        self._note({"person": number, "made": id, "what": what, "slice": sealed.hex()})

    def asked(self, number: int, request: str, roots: list[ArtifactId]) -> None:
        self._note({"person": number, "request": request, "roots": roots})

    def _note(self, event: dict[str, Any]) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(event) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._take(event)

    def _take(self, event: dict[str, Any]) -> None:
        if "goes" in event:
            self.people[event["person"]] = Person(SubjectId(event["id"]), event["goes"])
            return
        person = self.people[event["person"]]
        if "made" in event:
            person.made.append((ArtifactId(event["made"]), event["what"]))
            person.slices.append(bytes.fromhex(event["slice"]))
        else:
            self.requests.add(event["request"])
            person.erased += [ArtifactId(one) for one in event["roots"]]
