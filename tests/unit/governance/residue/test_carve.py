import gzip
import io
import os
import zipfile
import zlib

import pytest
from PIL import Image

from governance.residue.carve import Picture, Unpacked, carve

TEXT = b"a text that repeats itself, a text that repeats itself, and ends"
NOISE = os.urandom(3000)


def opened(data, limit=None):
    return list(carve(data, len(data) if limit is None else limit))


def unpacked(data):
    return {entry.data for entry in opened(data) if isinstance(entry, Unpacked)}


def zipped(data):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("name", data)
    return file.getvalue()


@pytest.mark.parametrize("pack", [zlib.compress, lambda d: zlib.compress(d, 9), gzip.compress, zipped])
def test_compressed_streams_are_opened_wherever_they_stand(pack):
    assert TEXT in unpacked(NOISE + pack(TEXT) + NOISE)


def test_a_torn_stream_gives_what_there_is():
    whole = os.urandom(200_000).hex().encode()
    packed = zlib.compress(whole)
    [part] = unpacked(packed[: len(packed) // 2])
    assert whole.startswith(part)
    assert len(part) > len(whole) // 3


def test_a_bomb_is_opened_within_bounds():
    bomb = zlib.compress(bytes(200 << 20), 9)
    [part] = unpacked(bomb)
    assert len(part) <= 64 << 20


@pytest.mark.parametrize("header", [b"\x78\x9c", b"\x1f\x8b\x08", b"PK\x03\x04", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
def test_chance_headers_give_nothing_and_no_error(header):
    assert unpacked(header) == set()
    for seed in range(50):
        for entry in opened(header + bytes((seed * n * 7) % 256 for n in range(300))):
            assert isinstance(entry, Unpacked)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF"])
def test_pictures_are_decoded_wherever_they_stand(secret, format):
    file = io.BytesIO()
    secret.image().save(file, format)
    pictures = [entry for entry in opened(b"odd" + file.getvalue() + NOISE) if isinstance(entry, Picture)]
    assert [(p.offset, p.image.size, p.torn) for p in pictures] == [(3, (160, 160), False)]


def test_a_torn_picture_is_decoded_as_far_as_it_goes(secret):
    [picture] = [entry for entry in opened(secret.photo[: len(secret.photo) // 2]) if isinstance(entry, Picture)]
    assert picture.torn
    assert picture.image.getpixel((80, 5)) != (128, 128, 128)


def test_a_picture_of_absurd_size_is_left_alone():
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    assert [entry for entry in opened(file.getvalue()) if isinstance(entry, Picture)] == []


def test_headers_beyond_the_limit_are_left_to_the_next_chunk():
    packed = zlib.compress(TEXT)
    assert opened(NOISE[:100].replace(b"\x78", b"\x00") + packed, limit=0) == []
