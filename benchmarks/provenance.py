"""`python -m benchmarks.provenance [--pictures 40] --json`: what the watermark and the credentials cost, and what the
mark survives.

For each size: `psnr_db` of marked against unmarked pictures (least); `agreement`: the share of signs read right (mean);
`found`: the share of copies that are recognised, and of unmarked pictures that are taken for marked; milliseconds a
picture (median) for the mark and the credentials, beside those of making the PNG.
"""

import argparse
import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import fmean, median
from time import perf_counter
from typing import Any

import numpy as np
from PIL import Image

from serve_apps.generator.pictures import png_of
from serve_apps.provenance.certificate import derived_pair
from serve_apps.provenance.credentials import Credentials
from serve_apps.provenance.watermark import Pixels, Watermark
from training.demo.photos import photos
from training.demo.seeds import EVALUATION

Change = Callable[[Pixels], Pixels]
MARK, OTHER = Watermark(b"a benchmark's own key, not secret"), Watermark(b"another installation's key, as well")
SIZES = (64, 512)


def jpeg(quality: int) -> Change:
    """Compressed and opened again."""

    def change(picture: Pixels) -> Pixels:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=quality)
        return np.array(Image.open(file))

    return change


def scaled(share: float) -> Change:
    """To another size and back, as one does who knows the size that was made."""

    def change(picture: Pixels) -> Pixels:
        height, width = picture.shape[:2]
        small = Image.fromarray(picture).resize((int(width * share), int(height * share)), Image.Resampling.BICUBIC)
        return np.array(small.resize((width, height), Image.Resampling.BICUBIC))

    return change


def cropped(share: float) -> Change:
    """What is left when `share` of each side is kept, from somewhere in the middle."""

    def change(picture: Pixels) -> Pixels:
        height, width = (int(side * share) for side in picture.shape[:2])
        top, left = (int((side - kept) * 0.45) for side, kept in zip(picture.shape, (height, width), strict=False))
        return np.ascontiguousarray(picture[top : top + height, left : left + width])

    return change


CHANGES: dict[str, Change] = {
    **{f"jpeg {quality}": jpeg(quality) for quality in (95, 90, 80, 70, 60, 50)},
    **{f"scaled {share:g}": scaled(share) for share in (0.5, 0.75, 1.5, 2)},
    **{f"cropped to {share:.0%}": cropped(share) for share in (0.9, 0.75)},
    "cropped to 90%, jpeg 80": lambda picture: jpeg(80)(cropped(0.9)(picture)),
}


def measured(size: int, count: int) -> dict[str, Any]:
    """Everything of one size."""
    plain = [np.array(photos(EVALUATION.seed(n), 1, size)[0].image) for n in range(count)]
    marked = [picture.copy() for picture in plain]
    mark_s = [timed(lambda picture=picture: MARK.put_into(picture)) for picture in marked]  # type: ignore[misc]
    survives = {}
    for name, change in CHANGES.items():
        copies = [change(picture) for picture in marked]
        survives[name] = {"found": fmean(MARK.read(copy).found for copy in copies)}
        if not name.startswith("cropped"):
            survives[name]["agreement"] = fmean(MARK.agreement(copy) for copy in copies)
    return {
        "psnr_db": min(psnr(*pair) for pair in zip(plain, marked, strict=True)),
        "survives": survives,
        "false_alarms": fmean(MARK.read(picture).found for picture in plain),
        "others_mark_taken_for_ours": fmean(OTHER.read(picture).found for picture in marked),
        "highest_score_unmarked": max(MARK.read(picture).score for picture in plain),
        "mark_ms": median(mark_s) * 1e3,
        **files(marked),
    }


def files(pictures: Sequence[Pixels]) -> dict[str, float]:
    """What making and signing the file takes."""
    credentials = Credentials(derived_pair(b"k" * 32, datetime.now(UTC)))
    pngs = [bytes(png_of(picture.copy())) for picture in pictures]
    credentials.sign(pngs[0])
    png_s = [timed(lambda picture=picture: png_of(picture.copy())) for picture in pictures]  # type: ignore[misc]
    sign_s = [timed(lambda png=png: credentials.sign(png)) for png in pngs]  # type: ignore[misc]
    grown = median(len(credentials.sign(png)) - len(png) for png in pngs)
    return {"png_ms": median(png_s) * 1e3, "sign_ms": median(sign_s) * 1e3, "signed_bytes_more": grown}


def timed(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def psnr(before: Pixels, after: Pixels) -> float:
    error = np.mean(np.square(after.astype(np.float64) - before))
    return float(10 * np.log10(255**2 / error))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = {str(size): measured(size, given.pictures if size == SIZES[0] else given.pictures // 4) for size in SIZES}
    print(json.dumps(found, indent=None if given.json else 1))


if __name__ == "__main__":
    main()
