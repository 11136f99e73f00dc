"""A mark in the pixels that says "made by this installation" and nothing else: the same in every picture, no person's.

Quantisation index modulation (B. Chen, G. W. Wornell, "Quantization index modulation: a class of provably good methods
for digital watermarking and information embedding", IEEE Transactions on Information Theory 47(4), 2001): each of a few
low frequencies of every 8 x 8 block of the brightness is moved to the nearest even or odd multiple of half a step, as
the key's sign for it says. The signs repeat every 8 x 8 blocks, so that a cropped picture still carries them; reading
tries every shift (after T. Kalker and others, "A video watermarking system for broadcast monitoring", SPIE 3657, 1999).

    a score of z on a picture that does not carry the mark has a probability of at most exp(-z²/2), whatever the
    picture, for the signs are random and each is counted once: it is a self-normalised sum of symmetric terms.
"""

import hashlib
import hmac
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Pixels = NDArray[np.uint8]
"""An RGB picture, uint8 [height, width, 3]."""

BLOCK = 8
TILE = 8
FREQUENCIES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1))
STEP = 20.0
SURE = 8.0
"""From this score on a picture is taken to be marked: 1e-14 for one shift, under 1e-10 for all that are tried."""
SEARCHED_SIDE = 384
"""Shifts are tried on the middle of a picture, of this many pixels a side."""
_BRIGHTNESS = np.asarray([0.299, 0.587, 0.114], np.float32)
_ROWS, _COLUMNS = (list(each) for each in zip(*FREQUENCIES, strict=True))


@dataclass(frozen=True, slots=True)
class Reading:
    """How sure it is that a picture carries the mark."""

    score: float

    @property
    def found(self) -> bool:
        return self.score >= SURE


class Watermark:
    """The mark of one installation; `key` is its secret."""

    def __init__(self, key: bytes) -> None:
        seed = int.from_bytes(hmac.digest(key, b"pixreunion watermark 1", hashlib.sha256))
        signs = np.random.Generator(np.random.Philox(seed)).integers(0, 2, (TILE, TILE, len(FREQUENCIES)))
        self._signs = signs.astype(np.float32) * 2 - 1
        self._spectrum = np.conj(np.fft.rfft2(self._signs, axes=(0, 1)))

    def put_into(self, picture: Pixels) -> None:
        """Mark the picture in place. Edges beyond the last whole block stay as they are."""
        height, width = (side - side % BLOCK for side in picture.shape[:2])
        if not height or not width:
            return
        part = picture[:height, :width]
        blocks = _blocks(part.astype(np.float32) @ _BRIGHTNESS)
        waves = fft.dctn(blocks, axes=(2, 3), norm="ortho", overwrite_x=True)
        chosen = waves[:, :, _ROWS, _COLUMNS]
        offset = (1 - self._tiled(waves.shape[0], waves.shape[1])) * (STEP / 4)
        change = np.zeros_like(waves)
        change[:, :, _ROWS, _COLUMNS] = np.round((chosen - offset) / STEP) * STEP + offset - chosen
        added = fft.idctn(change, axes=(2, 3), norm="ortho", overwrite_x=True)
        moved = part + _picture(added)[:, :, None]
        part[:] = np.clip(np.rint(moved), 0, 255)

    def read(self, picture: Pixels, search: bool = True) -> Reading:
        """How sure it is that the picture carries the mark; with `search` also when it was cropped."""
        straight = self._best(_brightness(picture), (0, 0), shifts=False)
        if straight.found or not search:
            return straight
        middle = _brightness(_middle(picture))
        shifts = product(range(BLOCK), range(BLOCK))
        readings = (self._best(middle, at, shifts=True) for at in shifts)
        return max((straight, *readings), key=lambda reading: reading.score)

    def agreement(self, picture: Pixels) -> float:
        """The share of the signs that are read as they were put in; a half where there is no mark. Of an uncropped
        picture."""
        height, width = (side - side % BLOCK for side in picture.shape[:2])
        folded = self._folded_signs(_brightness(picture)[:height, :width])
        seen = folded != 0
        return float(np.mean(np.sign(folded[seen]) == self._signs[seen]))

    @staticmethod
    def _folded_signs(brightness: NDArray[np.float32]) -> NDArray[np.float64]:
        waves = fft.dctn(_blocks(brightness), axes=(2, 3), norm="ortho")[:, :, _ROWS, _COLUMNS]
        return _folded(np.cos(waves * (2 * np.pi / STEP)))

    def _tiled(self, rows: int, columns: int) -> NDArray[np.float32]:
        down, across = -(-rows // TILE), -(-columns // TILE)
        return np.tile(self._signs, (down, across, 1))[:rows, :columns]

    def _best(self, brightness: NDArray[np.float32], at: tuple[int, int], shifts: bool) -> Reading:
        """The best score with blocks that begin at `at`, of the pattern unshifted or of all its shifts by blocks."""
        height, width = (side - start for side, start in zip(brightness.shape, at, strict=True))
        height, width = height - height % BLOCK, width - width % BLOCK
        if height < BLOCK or width < BLOCK:
            return Reading(0.0)
        folded = self._folded_signs(brightness[at[0] : at[0] + height, at[1] : at[1] + width])
        length = float(np.sqrt(np.square(folded).sum())) or 1.0
        if not shifts:
            return Reading(float((folded * self._signs).sum()) / length)
        spectrum = (np.fft.rfft2(folded, axes=(0, 1)) * self._spectrum).sum(axis=2)
        scores = np.fft.irfft2(spectrum, s=(TILE, TILE)) / length
        return Reading(float(scores.max()))


def _brightness(picture: Pixels) -> NDArray[np.float32]:
    return picture.astype(np.float32) @ _BRIGHTNESS


def _middle(picture: Pixels) -> Pixels:
    top, left = (max(0, (side - SEARCHED_SIDE) // 2) for side in picture.shape[:2])
    return picture[top : top + SEARCHED_SIDE, left : left + SEARCHED_SIDE]


def _blocks(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """[height, width] as [rows, columns, 8, 8]."""
    height, width = plane.shape
    blocks = plane.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).swapaxes(1, 2)
    return np.ascontiguousarray(blocks)


def _picture(blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = blocks.shape[:2]
    return blocks.swapaxes(1, 2).reshape(rows * BLOCK, columns * BLOCK)


def _folded(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Blocks [rows, columns, k] added up where the pattern repeats, [8, 8, k]: each sign is counted once."""
    rows, columns, count = values.shape
    whole = np.zeros((-(-rows // TILE) * TILE, -(-columns // TILE) * TILE, count))
    whole[:rows, :columns] = values
    folded: NDArray[np.float64] = whole.reshape(-1, TILE, whole.shape[1] // TILE, TILE, count).sum(axis=(0, 2))
    return folded
