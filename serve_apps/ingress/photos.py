"""Cleans one uploaded photo, in memory alone: decode, orient, convert to plain 8-bit sRGB, scale down, encode anew.

Nothing of the file survives but its pixels: no EXIF, GPS, XMP, ICC profile, comment, thumbnail or trailing bytes
(P2.3), so that hostile metadata and files that are two things at once lose their second meaning here.
"""

import io
import warnings
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

from serve_apps.checks.model import Pixels
from serve_apps.config import UploadSettings

pillow_heif.register_heif_opener(thumbnails=False)

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF")
LOSSLESS_FORMATS = ("PNG", "WEBP")
LOSSLESS_PIXELS = 4_000_000
ORIENTATION = 0x0112
SEVERAL_PICTURES_ARE_ONE_PHOTO = ("MPO", "HEIF")
"""Phones put depth maps and burst pictures beside the photo; the first is the one taken."""

TURNS = {
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_270,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_90,),
}


class Fault(StrEnum):
    """Why a photo was refused."""

    EMPTY = "photo_empty"
    TOO_MANY_BYTES = "photo_too_many_bytes"
    TYPE = "photo_type"
    BROKEN = "photo_broken"
    TOO_MANY_PIXELS = "photo_too_many_pixels"
    TOO_SMALL = "photo_too_small"
    ANIMATED = "photo_animated"
    MODE = "photo_mode"


class PhotoRefused(Exception):
    """This file is no photo that can be used; the message says why and what would be accepted."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = detail


@dataclass(slots=True)
class CleanPhoto:
    """A photo that is nothing but its pixels; `data` belongs to the caller, who zeroes it after use."""

    data: bytearray
    media_type: str
    width: int
    height: int


def clean(data: bytes | bytearray, limits: UploadSettings) -> CleanPhoto:
    """The photo, upright and re-encoded; `PhotoRefused` says what is wrong with it. CPU-bound: call it in a thread."""
    with _opened(data, limits) as opened:
        upright = _upright(_load(opened), opened)
    plain = _scaled(_to_rgb(upright, opened.info.get("icc_profile")), limits.max_kept_side)
    return _encoded(plain, lossless=opened.format in LOSSLESS_FORMATS)


def pixels(data: bytes | bytearray, limits: UploadSettings) -> tuple[Pixels, str]:
    """The pixels as they lie in the file, with its media type; `PhotoRefused` as for `clean`. CPU-bound."""
    with _opened(data, limits) as opened:
        media_type = Image.MIME.get(opened.format or "", "application/octet-stream")
        return np.array(_to_rgb(_load(opened), None)), media_type


def _opened(data: bytes | bytearray, limits: UploadSettings) -> Image.Image:
    if not data:
        raise PhotoRefused(Fault.EMPTY, "the file has no bytes")
    if len(data) > limits.max_photo_bytes:
        raise too_many_bytes(len(data), limits)
    opened = _open(data)
    _check_header(opened, limits)
    return opened


def too_many_bytes(size: int, limits: UploadSettings) -> PhotoRefused:
    """The refusal of a file of `size` bytes, also where it was not read to its end."""
    return PhotoRefused(
        Fault.TOO_MANY_BYTES, f"the file has {size} bytes or more, at most {limits.max_photo_bytes} are accepted"
    )


def _open(data: bytes | bytearray) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise PhotoRefused(Fault.TOO_MANY_PIXELS, "the picture unfolds to far too many pixels") from None
    except Exception:  # noqa: BLE001 - decoders raise whatever they like on hostile files
        raise PhotoRefused(
            Fault.TYPE, "the file is not a readable JPEG, PNG, WebP, AVIF or HEIC picture; convert it to one of these"
        ) from None


def _check_header(image: Image.Image, limits: UploadSettings) -> None:
    """Everything that can be known before the pixels are unpacked."""
    width, height = image.size
    if width * height > limits.max_pixels:
        detail = f"the picture has {width}x{height} pixels, at most {limits.max_pixels} in all are accepted"
        raise PhotoRefused(Fault.TOO_MANY_PIXELS, detail)
    if min(width, height) < limits.min_side:
        detail = f"the picture is {width}x{height} pixels, each side needs {limits.min_side} or more"
        raise PhotoRefused(Fault.TOO_SMALL, detail)
    if getattr(image, "n_frames", 1) > 1 and image.format not in SEVERAL_PICTURES_ARE_ONE_PHOTO:
        raise PhotoRefused(Fault.ANIMATED, "the picture is animated; send a single still picture")


def _load(image: Image.Image) -> Image.Image:
    try:
        image.load()
    except Exception:  # noqa: BLE001 - as above
        raise PhotoRefused(Fault.BROKEN, "the picture is damaged or cut short; send the whole file") from None
    return image


def _upright(image: Image.Image, opened: Image.Image) -> Image.Image:
    """Turned as the camera says; metadata that cannot be read says nothing."""
    try:
        turns = TURNS.get(opened.getexif().get(ORIENTATION, 1), ())
    except Exception:  # noqa: BLE001 - as above
        turns = ()
    for turn in turns:
        image = image.transpose(turn)
    return image


def _to_rgb(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """8-bit sRGB, transparency laid on white. 16-bit grey is scaled, where Pillow alone would clip it."""
    if image.mode.startswith("I"):
        return _grey_of_16_bits(image)
    if image.mode == "F":
        raise PhotoRefused(Fault.MODE, "the picture has floating-point pixels; save it with 8 bits a channel")
    if image.mode in ("P", "PA", "LA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return _in_srgb(image, icc_profile)


def _grey_of_16_bits(image: Image.Image) -> Image.Image:
    levels = np.asarray(image).astype(np.int64).clip(0, 65_535) >> 8
    return Image.fromarray(levels.astype(np.uint8), "L").convert("RGB")


def _in_srgb(image: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """Colours as the profile means them; a profile that cannot be used is left out."""
    if icc_profile and image.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            return image.convert("RGB")
        return converted or image.convert("RGB")
    return image.convert("RGB")


def _scaled(image: Image.Image, max_side: int) -> Image.Image:
    if max(image.size) > max_side:
        image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    return image


def _encoded(image: Image.Image, lossless: bool) -> CleanPhoto:
    """PNG where the sender's file was lossless and the picture is not huge, else JPEG with full colour resolution."""
    image.info.clear()
    buffer = io.BytesIO()
    if lossless and image.width * image.height <= LOSSLESS_PIXELS:
        image.save(buffer, "PNG")
        media_type = "image/png"
    else:
        image.save(buffer, "JPEG", quality=95, subsampling=0)
        media_type = "image/jpeg"
    return CleanPhoto(bytearray(buffer.getbuffer()), media_type, image.width, image.height)
