"""A slice to search for, and the printable forms in which the same bytes may be written down."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pattern:
    """Bytes to search for; `encoding` names the form, as in `pixels.rgb` or `file.base64`."""

    encoding: str
    data: bytes
    caseless: bool = False


def exactly(encoding: str, slices: Iterable[bytes]) -> Iterator[Pattern]:
    """The slices as they are."""
    return (Pattern(encoding, data) for data in slices)


def written_down(encoding: str, slices: Iterable[bytes]) -> Iterator[Pattern]:
    """The slices in base64 (all three alignments, both alphabets) and hexadecimal."""
    for data in slices:
        yield from in_base64(encoding, data)
        yield Pattern(f"{encoding}.hex", data.hex().encode(), caseless=True)


def in_base64(encoding: str, data: bytes) -> Iterator[Pattern]:
    """The base64 digits that depend on nothing but `data`, wherever it starts within a longer text."""
    for skip in range(3):
        whole = data[skip:]
        whole = whole[: len(whole) - len(whole) % 3]
        digits = base64.b64encode(whole)
        yield Pattern(f"{encoding}.base64", digits)
        if b"+" in digits or b"/" in digits:
            yield Pattern(f"{encoding}.base64", base64.urlsafe_b64encode(whole))
