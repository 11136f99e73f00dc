"""The last thing that happens to a finished picture: the mark goes into its pixels, the credentials into its file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from PIL import Image

from serve_apps.config import ProvenanceSettings
from serve_apps.engine.model import Picture
from serve_apps.generator.pictures import png_of
from serve_apps.provenance.certificate import derived_pair, read_pair
from serve_apps.provenance.credentials import Credentials, Statement
from serve_apps.provenance.watermark import Reading, Watermark


@dataclass(frozen=True, slots=True)
class Origin:
    """What a picture says of where it comes from. `statement` None: it carries no credentials."""

    mark: Reading
    statement: Statement | None

    @property
    def made_here(self) -> bool:
        signed = self.statement is not None and self.statement.intact and self.statement.ours
        return self.mark.found or signed


class Stamp:
    """Puts in what the settings ask for, and reads all of it."""

    def __init__(self, settings: ProvenanceSettings, secret: bytes, now: datetime) -> None:
        """`secret` is the installation's. Raises OSError and ValueError for a certificate that cannot be used."""
        self._settings = settings
        self._watermark = Watermark(secret)
        if settings.certificate is not None and settings.key is not None:
            self._credentials = Credentials(read_pair(settings.certificate, settings.key))
        else:
            self._credentials = Credentials(derived_pair(secret, now))

    def png(self, picture: Picture) -> bytearray:
        """The finished picture as a file; `picture` itself is zeroed."""
        if self._settings.watermark:
            self._watermark.put_into(picture)
        png = png_of(picture)
        if not self._settings.credentials:
            return png
        try:
            return self._credentials.sign(png)
        finally:
            png[:] = bytes(len(png))

    def origin(
        self, data: bytes | bytearray, media_type: str, picture: Picture, sizes: Sequence[tuple[int, int]]
    ) -> Origin:
        """What the file `data` with the pixels `picture` says of itself, also scaled to one of `sizes` (width, height)
        that pictures are made in. CPU-bound."""
        mark = self._watermark.read(picture)
        for size in sizes:
            if mark.found:
                break
            if size != (picture.shape[1], picture.shape[0]):
                scaled = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)
                mark = max(mark, self._watermark.read(_array(scaled), search=False), key=lambda each: each.score)
        return Origin(mark, self._credentials.read(data, media_type))


def _array(image: Image.Image) -> Picture:
    return np.asarray(image)
