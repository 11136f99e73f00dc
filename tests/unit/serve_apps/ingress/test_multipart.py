"""Forms are read into memory alone, within their bounds."""

import tempfile
from collections.abc import AsyncIterator

import httpx
import pytest

from serve_apps.config import UploadSettings
from serve_apps.ingress.errors import Invalid, TooLarge
from serve_apps.ingress.multipart import Part, read_form

LIMITS = UploadSettings(max_photos=3, max_photo_bytes=3_000_000, max_request_bytes=5_000_000)


async def chunks(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def form(*files: tuple[str, bytes], **fields: str) -> tuple[str, bytes]:
    request = httpx.Request("POST", "http://x", files=[("photos", (name, data)) for name, data in files], data=fields)
    return request.headers["content-type"], request.read()


async def parts(content_type: str, body: bytes, size: int = 1000) -> list[Part]:
    return await read_form(content_type, chunks(body, size), LIMITS)


@pytest.mark.parametrize("size", [1, 7, 1000, 10**6])
async def test_parts_come_in_order_however_the_body_is_cut(size: int) -> None:
    read = await parts(*form(("a.png", b"\r\n--first"), ("b.png", b"second" * 50), note="hi"), size=size)
    assert [(part.name, part.filename, bytes(part.data)) for part in read] == [
        ("note", None, b"hi"),
        ("photos", "a.png", b"\r\n--first"),
        ("photos", "b.png", b"second" * 50),
    ]


async def test_large_files_touch_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file was made")

    for name in ("SpooledTemporaryFile", "TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    [part] = await parts(*form(("a.png", bytes(2_500_000))))
    assert len(part.data) == 2_500_000


async def test_a_photo_that_is_too_large_is_counted_and_not_kept() -> None:
    first, second = await parts(*form(("a.png", bytes(3_000_001)), ("b.png", b"small")))
    assert (first.size, len(first.data)) == (3_000_001, 0)
    assert bytes(second.data) == b"small"


async def test_a_form_that_is_too_large_is_not_read_to_its_end() -> None:
    kind, body = form(("a.png", bytes(6_000_000)))
    given = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal given
        async for chunk in chunks(body, 100_000):
            given += len(chunk)
            yield chunk

    with pytest.raises(TooLarge):
        await read_form(kind, counted(), LIMITS)
    assert given <= LIMITS.max_request_bytes + 100_000


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/form-data", "text/plain; boundary=x"])
async def test_what_is_no_form_is_refused(kind: str) -> None:
    with pytest.raises(Invalid) as refused:
        await parts(kind, b"{}")
    assert refused.value.stable_code == "not_multipart"


async def test_a_form_cut_short_is_refused() -> None:
    kind, body = form(("a.png", b"data"))
    for cut in (len(body) - 6, len(body) // 2, 3):
        with pytest.raises(Invalid) as refused:
            await parts(kind, body[:cut])
        assert refused.value.stable_code == "bad_multipart"


async def test_garbage_between_boundaries_is_refused() -> None:
    with pytest.raises(Invalid):
        await parts("multipart/form-data; boundary=x", b"--x\r\nno header\x00 here\r\n\r\n--x--")


async def test_too_many_fields_are_refused() -> None:
    with pytest.raises(Invalid) as refused:
        await parts(*form(*[(f"{n}.png", b"x") for n in range(24)]))
    assert refused.value.stable_code == "too_many_fields"


def test_wiped_parts_are_zero() -> None:
    part = Part(data=bytearray(b"secret"))
    part.wipe()
    assert bytes(part.data) == bytes(6)
