"""Reads a multipart form into memory, never to a temporary file as frameworks do (I5)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi import Request
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from serve_apps.config import UploadSettings
from serve_apps.ingress.errors import Invalid, TooLarge

MAX_OTHER_FIELDS = 20


@dataclass(slots=True)
class Part:
    """One field of the form. `size` counts every byte that came; `data` is empty where that was too many."""

    name: str = ""
    filename: str | None = None
    size: int = 0
    data: bytearray = field(default_factory=bytearray, repr=False)

    def wipe(self) -> None:
        """Overwrites the bytes in place."""
        self.data[:] = bytes(len(self.data))


async def form_of(request: Request, limits: UploadSettings) -> list[Part]:
    """The form of a request; one that says itself that it is too large is refused before a byte of it is read."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limits.max_request_bytes:
        raise TooLarge(f"the form has {declared} bytes, at most {limits.max_request_bytes} are accepted")
    return await read_form(request.headers.get("content-type", ""), request.stream(), limits)


async def read_form(content_type: str, body: AsyncIterator[bytes], limits: UploadSettings) -> list[Part]:
    """All parts in order. `TooLarge` and `Invalid` refuse the form as a whole."""
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise Invalid("send the photos as multipart/form-data", code="not_multipart")
    reader = _Reader(limits)
    try:
        await reader.read(options[b"boundary"], body)
    except MultipartParseError:
        reader.wipe()
        raise Invalid("the multipart form is broken", code="bad_multipart") from None
    except BaseException:
        reader.wipe()
        raise
    return reader.parts


class _Reader:
    """Callbacks of the parser; the part being read is the last of `parts`."""

    def __init__(self, limits: UploadSettings) -> None:
        self._limits = limits
        self._header = bytearray()
        self._value = bytearray()
        self._total = 0
        self._ended = False
        self.parts: list[Part] = []

    async def read(self, boundary: bytes, body: AsyncIterator[bytes]) -> None:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_part_data": self._data,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_end": self._end,
            },
        )
        async for chunk in body:
            self._total += len(chunk)
            if self._total > self._limits.max_request_bytes:
                raise TooLarge(f"the form has more than {self._limits.max_request_bytes} bytes")
            parser.write(chunk)
        parser.finalize()
        if not self._ended:
            raise Invalid("the multipart form ends before its last boundary", code="bad_multipart")

    def wipe(self) -> None:
        for part in self.parts:
            part.wipe()

    def _begin(self) -> None:
        if len(self.parts) >= self._limits.max_photos + MAX_OTHER_FIELDS:
            raise Invalid("the form has too many fields", code="too_many_fields")
        self.parts.append(Part())

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self.parts[-1]
        part.size += end - start
        if part.size > self._limits.max_photo_bytes:
            part.wipe()
            part.data = bytearray()
        else:
            part.data += data[start:end]

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            self.parts[-1].name = options.get(b"name", b"").decode(errors="replace")
            if b"filename" in options:
                self.parts[-1].filename = options[b"filename"].decode(errors="replace")
        self._header.clear()
        self._value.clear()

    def _end(self) -> None:
        self._ended = True
