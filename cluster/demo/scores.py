"""How much pictures look like a person, judged by the demo world's own identity encoder, in a process of its own.

The encoder needs torch, which the command line does not load for every command.
"""

import io
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import TypeAdapter

from cluster.config import environment
from cluster.demo.errors import Broken

_SOURCE = Path(__file__).parent.parent.parent
_SCORES = TypeAdapter(list[float])


def likeness(pictures: Sequence[Image.Image], photos: Sequence[Image.Image]) -> list[float]:
    """For each picture how much it looks like the person of the photos, 0 to 1. All of one size."""
    command = [sys.executable, "-m", "cluster.demo.scorer"]
    sent = pack(pictures, photos)
    done = subprocess.run(
        command, input=sent, capture_output=True, env=environment({"OMP_NUM_THREADS": "1"}), cwd=_SOURCE, check=False
    )
    if done.returncode != 0:
        raise Broken(f"The pictures could not be scored: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return _SCORES.validate_json(done.stdout)


def pack(pictures: Sequence[Image.Image], photos: Sequence[Image.Image]) -> bytes:
    """Both as RGB arrays [n, height, width, 3] of bytes, in numpy's own file format."""
    with io.BytesIO() as file:
        np.savez(file, pictures=_array(pictures), photos=_array(photos))
        return file.getvalue()


def unpack(data: bytes) -> tuple[list[Image.Image], list[Image.Image]]:
    """What `pack` was given."""
    with np.load(io.BytesIO(data)) as arrays:
        pictures, photos = ([Image.fromarray(each) for each in arrays[name]] for name in ("pictures", "photos"))
    return pictures, photos


def _array(images: Sequence[Image.Image]) -> NDArray[np.uint8]:
    size = images[0].size
    return np.stack([np.asarray(image.convert("RGB").resize(size), np.uint8) for image in images])
