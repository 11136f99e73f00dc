"""The nouns of the photo checks: why a photo is no good, and those who can tell."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""One RGB picture, uint8 [height, width, 3]."""
Faces = NDArray[np.float32]
"""Faces of one picture, float32 [faces, 3]: middle x, middle y and side, in the picture's pixels."""


class Reason(StrEnum):
    """Why a photo would make a worse model, or none; stable codes."""

    BLURRED = "photo_blurred"
    DUPLICATE = "photo_duplicate"
    NO_FACE = "photo_no_face"
    SEVERAL_FACES = "photo_several_faces"
    FACE_TOO_SMALL = "photo_face_too_small"
    OTHER_PERSON = "photo_other_person"
    ADULT = "photo_adult"
    VIRUS = "photo_virus"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that is wrong with photo `number` of a set, counted from 0."""

    number: int
    reason: Reason
    detail: str


class FaceFinder(Protocol):
    """Finds faces; the demo world's own is `training.demo.faces:face_finder`."""

    def find(self, picture: Pixels) -> Faces:
        """The faces of one picture, the likeliest first."""


class FaceEncoder(Protocol):
    """Turns faces into unit vectors; the same person's lie close together."""

    def embed(self, pictures: Pixels) -> NDArray[np.float32]:
        """Unit vectors [n, d] of RGB pictures [n, height, width, 3]."""


class ContentJudge(Protocol):
    """Tells adult content."""

    def explicit(self, picture: Pixels) -> float:
        """How likely the picture is adult content, from 0 to 1."""


class ScannerUnavailable(Exception):
    """The virus scanner does not answer; photos are taken in again when it does."""


class VirusScanner(Protocol):
    """Looks for malicious software in a file as it was sent."""

    def scan(self, data: bytes | bytearray) -> str | None:
        """The name of what was found, None when nothing was. Raises `ScannerUnavailable`."""


@dataclass(slots=True)
class Looks:
    """What is remembered of one photo while its set is compared; forgotten with it."""

    width: int
    height: int
    sharpness: float
    hash: NDArray[np.bool_] = field(repr=False)
    thumbnail: NDArray[np.float32] = field(repr=False)
    face: NDArray[np.float32] | None = field(default=None, repr=False)
    remarks: list[tuple[Reason, str]] = field(default_factory=list)

    def wipe(self) -> None:
        self.hash[:] = False
        self.thumbnail.fill(0)
        if self.face is not None:
            self.face.fill(0)


def in_order(remarks: Sequence[Remark]) -> list[Remark]:
    """By photo, for people to read."""
    return sorted(remarks, key=lambda each: each.number)
