"""The forms that a text takes in files, logs, databases, messages and the memory of programs."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from governance.residue.patterns import Pattern, in_base64

MIN_BYTES = 8
_MIN_DISTINCT = 5
_WHOLE = 48
_WINDOW = 32
_STRIDE = 12


def telling(text: str) -> bool:
    """Whether a text is long and varied enough to be searched for without finding it everywhere."""
    data = text.encode()
    return len(data) >= MIN_BYTES and len(set(data.lower())) >= _MIN_DISTINCT


def text_patterns(text: str) -> Iterator[Pattern]:
    """Patterns of a text: whole when short, overlapping parts of 32 characters when long, in each encoding."""
    for part in _parts(text):
        yield from _part_patterns(part)


def _parts(text: str) -> list[str]:
    if len(text) <= _WHOLE:
        return [text]
    starts = [*range(0, len(text) - _WINDOW, _STRIDE), len(text) - _WINDOW]
    return [part for part in (text[start : start + _WINDOW] for start in starts) if telling(part)]


def _part_patterns(text: str) -> Iterator[Pattern]:
    utf8 = text.encode()
    yield Pattern("text.utf-8", utf8, caseless=True)
    # CPython keeps a text in one, two or four bytes per character.
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "latin-1"):
        yield Pattern(f"text.{encoding}", text.encode(encoding, "ignore"))
    for encoding, written in _escaped(text).items():
        yield Pattern(f"text.{encoding}", written.encode(), caseless=True)
    yield from in_base64("text", utf8)
    yield Pattern("text.hex", utf8.hex().encode(), caseless=True)


def _escaped(text: str) -> dict[str, str]:
    return {
        "json": json.dumps(text)[1:-1],
        "url": quote(text, safe=""),
        "form": quote_plus(text),
        "html": html.escape(text),
        "bytes-literal": repr(text.encode())[2:-1],
        "twice-json": json.dumps(json.dumps(text))[3:-3],
    }
