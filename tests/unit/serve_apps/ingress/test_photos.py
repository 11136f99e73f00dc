"""Photo intake: what is accepted comes out plain, everything else is refused with its reason."""

import io
import random
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from serve_apps.config import UploadSettings
from serve_apps.ingress.photos import CleanPhoto, Fault, PhotoRefused, clean

LIMITS = UploadSettings(max_photo_bytes=2_000_000, max_pixels=1_000_000, min_side=16, max_kept_side=256)
SECRET = b"a secret place"


def picture(mode: str = "RGB", size: tuple[int, int] = (48, 32)) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(pixels).convert(mode)


def file(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def opened(photo: CleanPhoto) -> Image.Image:
    image = Image.open(io.BytesIO(photo.data))
    image.load()
    return image


def refusal(data: bytes, limits: UploadSettings = LIMITS) -> PhotoRefused:
    with pytest.raises(PhotoRefused) as refused:
        clean(data, limits)
    return refused.value


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, bits: int, colour: int, pixels: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(pixels)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_every_format_comes_out_as_plain_rgb(kind: str) -> None:
    photo = clean(file(picture(), kind), LIMITS)
    image = opened(photo)
    assert (image.mode, image.size, (photo.width, photo.height)) == ("RGB", (48, 32), (48, 32))
    assert image.format == {"image/png": "PNG", "image/jpeg": "JPEG"}[photo.media_type]


def test_lossless_files_keep_their_pixels() -> None:
    assert np.array_equal(np.asarray(opened(clean(file(picture(), "PNG"), LIMITS))), np.asarray(picture()))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_no_metadata_survives(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[2] = (55.0, 40.0, 0.0)
    data = file(picture(), kind, exif=exif.tobytes())
    assert SECRET in data
    image = opened(clean(data, LIMITS))
    assert len(image.getexif()) == 0
    assert not {"exif", "icc_profile", "comment", "xmp"} & set(image.info)


def test_png_texts_and_trailing_bytes_are_left_behind() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", SECRET.decode(), zip=False)
    data = file(picture(), "PNG", pnginfo=texts) + b"<script>" + SECRET
    photo = clean(data, LIMITS)
    assert SECRET not in photo.data
    assert b"<script>" not in photo.data


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_camera_s_orientation_is_applied(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    corner = Image.new("RGB", (40, 24), "black")
    corner.paste("white", (0, 0, 8, 8))
    image = opened(clean(file(corner, "PNG", exif=exif.tobytes()), LIMITS))
    assert image.size == ((40, 24) if orientation < 5 else (24, 40))
    right, below = image.width - 1, image.height - 1
    where = {1: (0, 0), 2: (right, 0), 3: (right, below), 4: (0, below)}
    where |= {5: (0, 0), 6: (right, 0), 7: (right, below), 8: (0, below)}
    assert image.getpixel(where[orientation]) == (255, 255, 255)


@pytest.mark.parametrize(
    "exif", [b"Exif\x00\x00" + bytes(40), b"Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff", b"\xff" * 200]
)
def test_hostile_exif_says_nothing(exif: bytes) -> None:
    assert opened(clean(file(picture(), "JPEG", exif=exif), LIMITS)).size == (48, 32)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_impossible_orientation_is_ignored(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert opened(clean(file(picture(), "JPEG", exif=exif.tobytes()), LIMITS)).size == (48, 32)


def test_cmyk_becomes_the_same_colours() -> None:
    red = Image.new("RGB", (32, 32), (200, 30, 30)).convert("CMYK")
    colour = opened(clean(file(red, "JPEG", quality=95), LIMITS)).getpixel((16, 16))
    assert np.allclose(colour, (200, 30, 30), atol=12)


def test_colours_are_read_through_their_profile() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    photo = clean(file(picture(), "PNG", icc_profile=lab.tobytes()), LIMITS)
    assert np.allclose(np.asarray(opened(photo)).astype(int), np.asarray(picture()).astype(int), atol=2)


def test_a_broken_profile_is_left_out() -> None:
    photo = clean(file(picture(), "PNG", icc_profile=b"no profile" * 20), LIMITS)
    assert np.array_equal(np.asarray(opened(photo)), np.asarray(picture()))


def test_sixteen_bits_of_grey_are_scaled_and_not_clipped() -> None:
    levels = np.full((32, 32), 0x8000, np.uint16)
    assert opened(clean(file(Image.fromarray(levels), "PNG"), LIMITS)).getpixel((0, 0)) == (128, 128, 128)


def test_sixteen_bits_of_colour_keep_their_high_byte() -> None:
    row = b"\x00" + struct.pack(">HHH", 0xFF00, 0x8012, 0x0034) * 32
    assert opened(clean(png_of(32, 32, 16, 2, row * 32), LIMITS)).getpixel((5, 5)) == (255, 128, 0)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1"])
def test_other_modes_become_rgb(mode: str) -> None:
    assert opened(clean(file(picture("RGB").convert(mode), "PNG"), LIMITS)).mode == "RGB"


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    assert opened(clean(file(clear, "PNG"), LIMITS)).getpixel((3, 3)) == (255, 255, 255)


def test_large_photos_are_scaled_down() -> None:
    assert opened(clean(file(picture(size=(800, 400)), "JPEG"), LIMITS)).size == (256, 128)


def test_a_phone_s_several_pictures_are_one_photo() -> None:
    data = file(picture(), "MPO", save_all=True, append_images=[picture()])
    assert opened(clean(data, LIMITS)).size == (48, 32)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_animations_are_refused(kind: str) -> None:
    frames = [picture(), Image.new("RGB", (48, 32), "red")]
    data = file(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    assert refusal(data).fault is Fault.ANIMATED


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_half_a_file_is_refused(kind: str) -> None:
    data = file(picture(), kind)
    assert refusal(data[: len(data) // 2]).fault in (Fault.BROKEN, Fault.TYPE)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", Fault.EMPTY),
        (b"GIF89a" + bytes(100), Fault.TYPE),
        (b"%PDF-1.7 " + bytes(100), Fault.TYPE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Fault.TYPE),
        (bytes(2_000_001), Fault.TOO_MANY_BYTES),
        (file(Image.new("RGB", (10, 40)), "PNG"), Fault.TOO_SMALL),
        (file(Image.new("1", (2000, 2000)), "PNG"), Fault.TOO_MANY_PIXELS),
        (png_of(100_000, 100_000, 8, 2, b""), Fault.TOO_MANY_PIXELS),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_refusals_name_their_reason(data: bytes, fault: Fault) -> None:
    refused = refusal(data)
    assert refused.fault is fault
    assert len(refused.detail) > 10


def test_damaged_files_are_refused_or_read_but_never_anything_else() -> None:
    chance = random.Random(1)
    for kind in ("JPEG", "PNG", "WEBP", "AVIF", "HEIF"):
        whole = file(picture(), kind)
        for _ in range(200):
            damaged = bytearray(whole)
            for _ in range(chance.randint(1, 12)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            with suppress(PhotoRefused):
                assert opened(clean(bytes(damaged), LIMITS)).mode == "RGB"


def test_nothing_is_written_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for kind in ("JPEG", "PNG", "WEBP", "AVIF", "HEIF"):
        clean(file(picture(), kind), LIMITS)
    assert list(tmp_path.iterdir()) == []
