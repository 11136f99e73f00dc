"""Looks at photos one by one and then at the set; what stays is what is wrong, never the pictures."""

import io
import threading
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from serve_apps.checks.clamav import ClamAV
from serve_apps.checks.config import PhotoCheckSettings
from serve_apps.checks.faces import face_vector, remark_on, strangers
from serve_apps.checks.loading import load
from serve_apps.checks.model import (
    ContentJudge,
    FaceEncoder,
    FaceFinder,
    Looks,
    Pixels,
    Reason,
    Remark,
    VirusScanner,
    in_order,
)
from serve_apps.checks.quality import duplicates, looks_of


class Inspector:
    """The checks that the settings choose. Methods are CPU-bound or wait for a socket: call them in a thread."""

    def __init__(
        self,
        settings: PhotoCheckSettings,
        finder: FaceFinder | None = None,
        encoder: FaceEncoder | None = None,
        judge: ContentJudge | None = None,
        scanner: VirusScanner | None = None,
    ) -> None:
        self._settings = settings
        self._finder, self._encoder, self._judge, self._scanner = finder, encoder, judge, scanner
        self._one_at_a_time = threading.Lock()

    @classmethod
    def of(cls, settings: PhotoCheckSettings) -> "Inspector":
        """With the parts that the settings name; loading models may take seconds. Raises `CannotLoad`."""
        return cls(
            settings,
            load("face_finder", settings.face_finder),
            load("face_encoder", settings.face_encoder),
            load("content_judge", settings.content_judge),
            ClamAV(settings.clamav, settings.clamav_timeout_s) if settings.clamav else None,
        )

    def scan(self, data: bytes | bytearray) -> tuple[Reason, str] | None:
        """What the virus scanner says of a file as it was sent. Raises `ScannerUnavailable`."""
        found = self._scanner.scan(data) if self._scanner else None
        return (Reason.VIRUS, f"the virus scanner found {found}") if found else None

    def look(self, data: bytes | bytearray) -> Looks:
        """What can be said of one clean photo, given as a file."""
        picture = _pixels(data)
        try:
            looks = looks_of(picture)
            for check in self._checks():
                if found := check(picture, looks):
                    looks.remarks.append(found)
            return looks
        finally:
            picture.fill(0)

    def compare(self, looks: Sequence[Looks]) -> list[Remark]:
        """Everything that is wrong with the photos of a set, alone and beside each other."""
        settings = self._settings
        remarks = [Remark(n, *found) for n, each in enumerate(looks) for found in each.remarks]
        for second, first in duplicates(looks, settings.duplicate_bits, settings.duplicate_colours).items():
            detail = f"almost the same picture as photo {first + 1}; send different ones"
            remarks.append(Remark(second, Reason.DUPLICATE, detail))
        for number in strangers([each.face for each in looks], settings.same_person):
            detail = "the face is another person's than in the other photos; send photos of one person"
            remarks.append(Remark(number, Reason.OTHER_PERSON, detail))
        return in_order(remarks)

    def _checks(self) -> tuple[Callable[[Pixels, Looks], tuple[Reason, str] | None], ...]:
        return (self._check_sharpness, self._check_face, self._check_content)

    def _check_sharpness(self, picture: Pixels, looks: Looks) -> tuple[Reason, str] | None:
        least = self._settings.min_sharpness
        if looks.sharpness >= least:
            return None
        detail = f"the photo is blurred (sharpness {looks.sharpness:.0f}, {least:.0f} or more is needed)"
        return Reason.BLURRED, f"{detail}; send a sharper one"

    def _check_face(self, picture: Pixels, looks: Looks) -> tuple[Reason, str] | None:
        if self._finder is None:
            return None
        with self._one_at_a_time:
            faces = self._finder.find(picture)
            wrong = remark_on(faces, picture, self._settings.min_face_side)
            if wrong is None and self._encoder is not None:
                looks.face = face_vector(picture, faces[0], self._settings.face_margin, self._encoder)
        return wrong

    def _check_content(self, picture: Pixels, looks: Looks) -> tuple[Reason, str] | None:
        if self._judge is None:
            return None
        with self._one_at_a_time:
            likely = self._judge.explicit(picture)
        if likely < self._settings.explicit:
            return None
        return Reason.ADULT, "the photo shows adult content, which no model is made of; send another one"


def _pixels(data: bytes | bytearray) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image.convert("RGB"))
