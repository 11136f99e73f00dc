"""One face, large enough, and the same person's in every photo of a set."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from serve_apps.checks.model import FaceEncoder, Faces, Pixels, Reason

ENCODED_SIDE = 160
"""Faces are given to the encoder in squares of this many pixels."""


def remark_on(faces: Faces, picture: Pixels, min_side: float) -> tuple[Reason, str] | None:
    """What is wrong with the faces of a picture; `min_side` is the least side of the one face, in pixels."""
    if not len(faces):
        return Reason.NO_FACE, "no face was found; send a photo that shows the person's face"
    if len(faces) > 1:
        return Reason.SEVERAL_FACES, f"{len(faces)} faces were found; send photos of one person alone"
    side = float(faces[0, 2])
    if side < min_side:
        detail = f"the face is {side:.0f} pixels wide, it needs {min_side:.0f} or more"
        return Reason.FACE_TOO_SMALL, f"{detail}; come closer"
    return None


def face_vector(picture: Pixels, face: NDArray[np.float32], margin: float, encoder: FaceEncoder) -> NDArray[np.float32]:
    """The unit vector [d] of the face, cut out with `margin` of its side around it and scaled to a square."""
    x, y, half = float(face[0]), float(face[1]), float(face[2]) * (0.5 + margin)
    image = Image.fromarray(picture)
    cut = image.resize((ENCODED_SIDE, ENCODED_SIDE), Image.Resampling.BICUBIC, (
        max(0.0, x - half), max(0.0, y - half), min(float(image.width), x + half), min(float(image.height), y + half)
    ))  # fmt: skip
    pixels = np.array(cut)
    try:
        vector: NDArray[np.float32] = encoder.embed(pixels[None])[0]
        return vector
    finally:
        pixels.fill(0)


def strangers(vectors: Sequence[NDArray[np.float32] | None], least: float) -> list[int]:
    """The photos whose face is not that of the others: its cosine with the others' middle is below `least`, while most
    others are together. Of two photos that differ it cannot be said whose is wrong: the later is named."""
    known = [number for number, vector in enumerate(vectors) if vector is not None]
    left = list(known)
    out: list[int] = []
    while len(left) > 1:
        cosines = {number: _cosine_to_others(vectors, left, number) for number in left}
        worst = min(left, key=lambda number: (round(cosines[number], 6), -number))
        if cosines[worst] >= least:
            break
        left.remove(worst)
        out.append(worst)
    return sorted(out)


def _cosine_to_others(vectors: Sequence[NDArray[np.float32] | None], left: Sequence[int], number: int) -> float:
    others = np.stack([vector for each in left if each != number and (vector := vectors[each]) is not None])
    middle = others.mean(axis=0)
    mine = vectors[number]
    assert mine is not None
    return float(mine @ middle / max(float(np.linalg.norm(middle)), 1e-9))
