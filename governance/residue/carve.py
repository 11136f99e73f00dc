"""Open what hides bytes inside other bytes: compressed streams and encoded pictures, found by their headers.

Nothing is trusted: a header may be chance, a stream torn off or endless. Every attempt is bounded in what it reads and
writes, and what cannot be opened is left to the search for exact slices.
"""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image, ImageFile

from governance.residue.matcher import Buffer, Matcher
from governance.residue.patterns import Pattern

REACH = 8 << 20
"""How many bytes of a stream after its header are read at most."""
_MAX_OUTPUT = 64 << 20
_FIRST_OUTPUT = 256
_MIN_OUTPUT = 16
_MAX_PIXELS = 64 << 20
_UNDECODABLE = (OSError, ValueError, SyntaxError, struct.error, EOFError, Image.DecompressionBombError)
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF")


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a compressed stream at `offset` held, as far as it could be unpacked."""

    offset: int
    how: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture decoded at `offset`; `torn` when its end is missing."""

    offset: int
    how: str
    image: Image.Image
    torn: bool


_ZLIB, _GZIP, _ZIP, _PICTURE = "zlib", "gzip", "zip", "picture"
# Each header with how far before it the stream begins.
_HEADERS: tuple[tuple[str, bytes, int], ...] = (
    (_ZLIB, b"\x78\x01", 0),
    (_ZLIB, b"\x78\x5e", 0),
    (_ZLIB, b"\x78\x9c", 0),
    (_ZLIB, b"\x78\xda", 0),
    (_GZIP, b"\x1f\x8b\x08", 0),
    (_ZIP, b"PK\x03\x04", 0),
    (_PICTURE, b"\xff\xd8\xff", 0),
    (_PICTURE, b"\x89PNG\r\n\x1a\n", 0),
    (_PICTURE, b"WEBPVP8", 8),
    (_PICTURE, b"GIF87a", 0),
    (_PICTURE, b"GIF89a", 0),
    (_PICTURE, b"ftypavif", 4),
    (_PICTURE, b"II*\x00\x08\x00\x00\x00", 0),
)
_MATCHER = Matcher([Pattern(how, header) for how, header, _ in _HEADERS], first_only=False)


def carve(buffer: Buffer, limit: int) -> Iterator[Unpacked | Picture]:
    """Everything that can be opened at headers before byte `limit` of the buffer."""
    view = memoryview(buffer)
    for hit in _MATCHER.find(view):
        how, header, before = _HEADERS[hit.pattern]
        start = hit.end - len(header) - before
        if 0 <= start < limit:
            opened = _OPENERS[how](view[start : start + REACH], start)
            if opened is not None:
                yield opened


def _inflate(data: memoryview, window: int) -> bytes:
    """As much as can be decompressed; empty when the first bytes are no deflate stream."""
    stream = zlib.decompressobj(window)
    try:
        first = stream.decompress(data[:_FIRST_OUTPUT], _MAX_OUTPUT)
    except zlib.error:
        return b""
    parts, at, total = [first], _FIRST_OUTPUT, len(first)
    while at < len(data) and total < _MAX_OUTPUT and not stream.eof:
        try:
            parts.append(stream.decompress(stream.unconsumed_tail + bytes(data[at : at + 65536]), _MAX_OUTPUT - total))
        except zlib.error:
            break
        total += len(parts[-1])
        at += 65536
    return b"".join(parts)


def _unpacked(how: str, data: bytes, offset: int) -> Unpacked | None:
    return Unpacked(offset, how, data) if len(data) >= _MIN_OUTPUT else None


def _open_zlib(data: memoryview, offset: int) -> Unpacked | None:
    return _unpacked(_ZLIB, _inflate(data, zlib.MAX_WBITS), offset)


def _open_gzip(data: memoryview, offset: int) -> Unpacked | None:
    return _unpacked(_GZIP, _inflate(data, 16 + zlib.MAX_WBITS), offset)


def _open_zip(data: memoryview, offset: int) -> Unpacked | None:
    if len(data) < 30:
        return None
    method, name, extra = struct.unpack_from("<H16xHH", data, 8)
    if method != zlib.DEFLATED:
        return None
    return _unpacked(_ZIP, _inflate(data[30 + name + extra :], -zlib.MAX_WBITS), offset)


def _open_picture(data: memoryview, offset: int) -> Picture | None:
    # A torn picture is decoded as far as it goes: the rest is grey.
    for torn in (False, True):
        with _tolerating(torn), contextlib.suppress(*_UNDECODABLE):
            return _decode(data, offset, torn)
    return None


def _decode(data: memoryview, offset: int, torn: bool) -> Picture | None:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        if image.width * image.height > _MAX_PIXELS:
            return None
        image.draft("RGB", (256, 256))
        image.load()
        return Picture(offset, f"picture.{(image.format or 'unknown').lower()}", image.copy(), torn)


@contextlib.contextmanager
def _tolerating(torn: bool) -> Iterator[None]:
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, torn
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata: nobody here can mend them
            yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


_OPENERS: dict[str, Callable[[memoryview, int], Unpacked | Picture | None]] = {
    _ZLIB: _open_zlib,
    _GZIP: _open_gzip,
    _ZIP: _open_zip,
    _PICTURE: _open_picture,
}
