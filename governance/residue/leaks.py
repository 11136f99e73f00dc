"""Leaks made on purpose: what a careless program would leave of a photo, a text or a tensor.

Each leak is written the way such a program would write it, with the libraries it would use, and torn off where a
crash or a reused page would tear it off; none of it uses the scanner's own derivations.
"""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import pickle
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_FRAGMENT = 4096
"""A leak may survive as little as one page of memory."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What must not be found: a photo's file, a text, and a tensor derived from the photo."""

    photo: bytes = field(repr=False)
    text: str = field(repr=False)
    tensor: NDArray[np.float32] = field(repr=False)

    def image(self) -> Image.Image:
        """The decoded photo, as a program would use it."""
        return Image.open(io.BytesIO(self.photo)).convert("RGB")

    def pixels(self) -> NDArray[np.uint8]:
        """[H, W, 3], 0 to 255."""
        return np.asarray(self.image())


@dataclass(frozen=True, slots=True)
class Leak:
    """The bytes of one leak; `of` is the part of the secret that shows in it."""

    name: str
    of: str
    data: bytes = field(repr=False)


Maker = Callable[[Secret, Random], bytes]


def make_leaks(secret: Secret, random: Random) -> Iterator[Leak]:
    """One leak of every known way."""
    for of, ways in _WAYS.items():
        for name, make in ways.items():
            yield Leak(name, of, make(secret, random))


def _fragment(data: bytes, random: Random, size: int = _FRAGMENT) -> bytes:
    if len(data) <= size:
        return data
    start = random.randrange(len(data) - size)
    return data[start : start + size]


def _pixels(change: Callable[[NDArray[np.uint8]], NDArray[Any]]) -> Maker:
    def make(secret: Secret, random: Random) -> bytes:
        raw = np.ascontiguousarray(change(secret.pixels())).tobytes()
        return _fragment(raw, random, max(4 * _FRAGMENT, len(raw) // 8))

    return make


def _encoded(format: str, shortest: int = 48, **options: Any) -> Maker:
    def make(secret: Secret, random: Random) -> bytes:
        image = secret.image()
        scale = max(random.uniform(0.3, 1.0), min(1.0, shortest / min(image.size)))
        small = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
        return _saved(small, format, **options)

    return make


def _saved(image: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def _cropped(secret: Secret, random: Random) -> bytes:
    image = secret.image()
    side = round(min(image.size) * random.uniform(0.7, 0.95))
    left, top = random.randint(0, image.width - side), random.randint(0, image.height - side)
    return _saved(image.crop((left, top, left + side, top + side)), "JPEG", quality=85)


def _turned(secret: Secret, _: Random) -> bytes:
    return _saved(secret.image().transpose(Image.Transpose.ROTATE_90), "JPEG", quality=85)


def _torn(secret: Secret, random: Random) -> bytes:
    whole = _saved(secret.image(), "JPEG", quality=80)
    return whole[: int(len(whole) * random.uniform(0.75, 0.95))]


def _resized(secret: Secret, _: Random) -> bytes:
    return np.asarray(secret.image().resize((64, 64), Image.Resampling.BICUBIC)).tobytes()


def _data_url(secret: Secret, random: Random) -> bytes:
    pad = "x" * random.randrange(3)
    encoded = base64.b64encode(pad.encode() + secret.photo).decode()
    return json.dumps({"image": f"data:image/jpeg;base64,{encoded}"}).encode()


def _mime(secret: Secret, _: Random) -> bytes:
    return base64.encodebytes(secret.photo)


def _archive(secret: Secret, _: Random) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("note.txt", f"prompt: {secret.text}\n" * 3)
        archive.writestr("pixels.bin", secret.pixels().tobytes())
    return file.getvalue()


def _safetensors(dtype: str) -> Maker:
    def make(secret: Secret, random: Random) -> bytes:
        raw = _as_type(secret.tensor, dtype)
        head = {
            "first": {"dtype": "U8", "shape": [64], "data_offsets": [0, 64]},
            "latent": {
                "dtype": dtype,
                "shape": list(secret.tensor.shape),
                "data_offsets": [64, 64 + len(raw)],
            },
        }
        header = json.dumps(head).encode()
        return len(header).to_bytes(8, "little") + header + random.randbytes(64) + raw

    return make


def _as_type(values: NDArray[np.float32], dtype: str) -> bytes:
    if dtype == "BF16":
        bits = values.view(np.uint32).astype(np.uint64)
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16).tobytes()
    return values.astype(np.float16 if dtype == "F16" else np.float32).tobytes()


def _tensor_page(dtype: str) -> Maker:
    return lambda secret, random: _fragment(_as_type(secret.tensor, dtype), random)


def _torch_pickle(secret: Secret, _: Random) -> bytes:
    return pickle.dumps({"latent": secret.tensor, "step": 3}, protocol=5)


def _text(write: Callable[[str], str | bytes]) -> Maker:
    def make(secret: Secret, _: Random) -> bytes:
        written = write(secret.text)
        return written.encode() if isinstance(written, str) else written

    return make


_WAYS: dict[str, dict[str, Maker]] = {
    "photo": {
        "the uploaded file": lambda s, _: s.photo,
        "a page of the uploaded file": lambda s, r: _fragment(s.photo[700:], r),
        "multipart body": lambda s, _: b"--x\r\ncontent-disposition: form-data\r\n\r\n" + s.photo + b"\r\n--x--",
        "rgb rows": _pixels(lambda p: p),
        "bgr rows": _pixels(lambda p: p[..., ::-1]),
        "rgb with padding, as Pillow keeps it": _pixels(
            lambda p: np.concatenate([p, np.full((*p.shape[:2], 1), 255, np.uint8)], axis=2)
        ),
        "planes": _pixels(lambda p: p.transpose(2, 0, 1)),
        "float32 planes in -1..1": _pixels(lambda p: p.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1),
        "float32 rows in 0..1": _pixels(lambda p: p.astype(np.float32) / 255),
        "float64 rows in 0..1": _pixels(lambda p: p / 255),
        "float16 planes in -1..1": _pixels(
            lambda p: (p.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1).astype(np.float16)
        ),
        "mirrored float32 planes, as training augments": _pixels(
            lambda p: p[:, ::-1].transpose(2, 0, 1).astype(np.float32) / 127.5 - 1
        ),
        "mirrored rgb": _pixels(lambda p: p[:, ::-1]),
        "resized pixels": _resized,
        "small jpeg": _encoded("JPEG", quality=75),
        "poor jpeg": _encoded("JPEG", shortest=64, quality=40),
        "png": _encoded("PNG"),
        "webp": _encoded("WEBP", quality=80),
        "cropped jpeg": _cropped,
        "turned jpeg": _turned,
        "torn jpeg": _torn,
        "data url": _data_url,
        "mime base64": _mime,
        "hexadecimal": lambda s, r: _fragment(s.photo, r, 2048).hex().encode(),
        "gzip of the file": lambda s, _: gzip.compress(s.photo),
        "zlib of pixels": lambda s, _: zlib.compress(s.pixels().tobytes(), 6),
        "gzip of base64": lambda s, _: gzip.compress(base64.b64encode(s.photo)),
        "zip archive": _archive,
    },
    "text": {
        "log line": _text(lambda t: f"2026-01-01 INFO prompt={t} took 3 ms\n"),
        "json": _text(lambda t: json.dumps({"prompt": t, "n": 1})),
        "json within json": _text(lambda t: json.dumps({"body": json.dumps({"prompt": t})})),
        "utf-16": _text(lambda t: t.encode("utf-16-le")),
        "as CPython keeps wide text": _text(lambda t: t.encode("utf-32-le")),
        "shouted": _text(lambda t: t.upper()),
        "in html": _text(lambda t: f"<p>{html.escape(t)}</p>"),
        "base64": _text(lambda t: base64.b64encode(f"user {t} x".encode())),
        "hexadecimal text": _text(lambda t: t.encode().hex()),
        "gzip of a log": _text(lambda t: gzip.compress(f"a log line\nprompt={t}\n".encode() * 5)),
        "pickle": _text(lambda t: pickle.dumps({"prompt": t})),
    },
    "tensor": {
        "safetensors of float32": _safetensors("F32"),
        "safetensors of float16": _safetensors("F16"),
        "safetensors of bfloat16": _safetensors("BF16"),
        "a page of float32": _tensor_page("F32"),
        "a page of float16": _tensor_page("F16"),
        "a page of bfloat16": _tensor_page("BF16"),
        "pickled array": _torch_pickle,
        "gzip of an array": lambda s, _: gzip.compress(s.tensor.tobytes()),
    },
}
