"""Files made to do harm: each is refused with its reason, or comes out as nothing but a picture."""

import io
import struct
import zipfile
import zlib

import pytest
from PIL import Image, PngImagePlugin

from serve_apps.config import UploadSettings
from serve_apps.ingress.photos import Fault, PhotoRefused, clean
from tests.unit.serve_apps.ingress.test_photos import file, opened, picture, png_chunk

LIMITS = UploadSettings(max_photo_bytes=3_000_000, max_pixels=4_000_000, min_side=16, max_kept_side=256)
MAGIC = b"\x89PNG\r\n\x1a\n"
HEADER = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 8, 2, 0, 0, 0))
ROWS = png_chunk(b"IDAT", zlib.compress((b"\0" + bytes(96)) * 32))
END = png_chunk(b"IEND", b"")
GIGABYTE = zlib.compress(bytes(200_000_000), 9)


def fault_of(data: bytes) -> Fault:
    with pytest.raises(PhotoRefused) as refused:
        clean(data, LIMITS)
    assert refused.value.detail
    return refused.value.fault


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("evil.class", b"CAFEBABE" * 4)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "GIF", "PPM", "TGA", "ICO", "JPEG2000", "PDF", "EPS"])
def test_pictures_of_other_types_are_refused(kind: str) -> None:
    assert fault_of(file(picture(), kind)) is Fault.TYPE


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x00\x00\x20ftypisom" + bytes(400),
        archive(),
        b"<html><script>alert(1)</script></html>",
        b"\x7fELF" + bytes(400),
        b"\xff\xd8\xff",
        b"RIFF\xff\xff\xff\xffWEBP",
        MAGIC,
    ],
    ids=["mp4", "zip", "html", "elf", "jpeg start", "webp start", "png start"],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    assert fault_of(data) in (Fault.TYPE, Fault.BROKEN)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("tail", [archive(), b"<script>alert(1)</script>", b"%PDF-1.7\n1 0 obj\n"])
def test_a_file_that_is_two_things_is_a_picture_only(kind: str, tail: bytes) -> None:
    photo = clean(file(picture(), kind) + tail, LIMITS)
    assert tail[:24] not in photo.data
    assert not zipfile.is_zipfile(io.BytesIO(photo.data))
    assert opened(photo).size == (48, 32)


def test_scripts_in_metadata_are_left_behind() -> None:
    script = "<?php system($_GET['c']); ?>"
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = script, script
    data = file(picture(), "JPEG", exif=exif.tobytes(), comment=script.encode(), xmp=script.encode())
    assert data.count(b"system") >= 4
    assert b"system" not in clean(data, LIMITS).data


def test_exif_that_points_at_itself_ends() -> None:
    loop = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"
    assert opened(clean(file(picture(), "JPEG", exif=loop), LIMITS)).size == (48, 32)


def test_exif_that_claims_four_gigabytes_is_not_believed() -> None:
    huge = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x0e\x01\x02\0\xff\xff\xff\xff\x1a\0\0\0\0\0\0\0"
    assert opened(clean(file(picture(), "JPEG", exif=huge), LIMITS)).size == (48, 32)


def test_pixels_that_unfold_without_end_stop_at_the_picture_s_size() -> None:
    bomb = MAGIC + HEADER + png_chunk(b"IDAT", GIGABYTE) + END
    assert opened(clean(bomb, LIMITS)).size == (32, 32)


@pytest.mark.parametrize("name", [b"iCCP", b"zTXt", b"iTXt"])
def test_packed_metadata_is_not_unfolded_without_end(name: bytes) -> None:
    start = {b"iCCP": b"icc\0\0", b"zTXt": b"Comment\0\0", b"iTXt": b"Comment\0\x01\0\0\0"}[name]
    bomb = MAGIC + HEADER + png_chunk(name, start + GIGABYTE) + ROWS + END
    assert fault_of(bomb) is Fault.TYPE


def test_many_small_texts_do_not_add_up() -> None:
    texts = PngImagePlugin.PngInfo()
    for number in range(2000):
        texts.add_text(f"k{number}", "x" * 1000, zip=True)
    data = file(picture(), "PNG", pnginfo=texts)
    assert len(clean(data, LIMITS).data) < 20_000


@pytest.mark.parametrize("side", [65_500, 20_000])
def test_a_jpeg_that_claims_to_be_huge_is_refused_by_its_header(side: int) -> None:
    data = bytearray(file(picture(), "JPEG"))
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = struct.pack(">HH", side, side)
    assert fault_of(bytes(data)) is Fault.TOO_MANY_PIXELS


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "YCCK"])
def test_every_kind_of_jpeg_comes_out_as_rgb(mode: str) -> None:
    image = picture().convert("CMYK" if mode == "YCCK" else mode)
    assert opened(clean(file(image, "JPEG"), LIMITS)).mode == "RGB"


def test_sixteen_bits_with_transparency() -> None:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 16, 6, 0, 0, 0))
    row = b"\0" + struct.pack(">HHHH", 0xFFFF, 0x8000, 0, 0xFFFF) * 32
    data = MAGIC + header + png_chunk(b"IDAT", zlib.compress(row * 32)) + END
    assert opened(clean(data, LIMITS)).getpixel((3, 3)) == (255, 128, 0)


def test_a_picture_of_one_row_is_too_small() -> None:
    assert fault_of(file(Image.new("RGB", (4000, 1)), "PNG")) is Fault.TOO_SMALL
