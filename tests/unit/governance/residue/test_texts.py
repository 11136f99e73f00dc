import html
import json
import pickle
from urllib.parse import quote, urlencode

import pytest

from governance.residue.matcher import Matcher
from governance.residue.texts import telling, text_patterns

TEXT = 'Frøja "Sol" Østergård <froeja@example.org>'
LONG = " ".join(f"{word} portrait of sks person on a beach at dusk" for word in ("oil", "pencil", "neon", "marble"))


def shows(text, data):
    return bool(Matcher(list(text_patterns(text))).find(data))


@pytest.mark.parametrize(
    "write",
    [
        lambda t: t.encode(),
        lambda t: t.upper().encode() if t.isascii() else t.encode(),
        lambda t: t.encode("utf-16-le"),
        lambda t: t.encode("utf-16-be"),
        lambda t: t.encode("utf-32-le"),
        lambda t: t.encode("latin-1"),
        lambda t: json.dumps(t).encode(),
        lambda t: json.dumps(json.dumps(t)).encode(),
        lambda t: quote(t).encode(),
        lambda t: urlencode({"q": t}).encode(),
        lambda t: html.escape(t).encode(),
        lambda t: repr(t.encode()).encode(),
        lambda t: t.encode().hex().upper().encode(),
        lambda t: pickle.dumps(t),
    ],
)
@pytest.mark.parametrize("text", [TEXT, LONG])
def test_it_is_found_however_it_was_written(text, write):
    assert shows(text, b"before " + write(text) + b" after")


def test_a_part_of_a_long_text_is_enough():
    assert shows(LONG, LONG[20:70].encode())


def test_other_texts_are_not_taken_for_it():
    assert not shows(TEXT, "Frida Østergård <frida@example.org>".encode())
    assert not shows(LONG, b"a portrait of a person on a mountain at dawn")


@pytest.mark.parametrize("text", ["", "Anna", "aaaaaaaaaaaa", "abababab", "        "])
def test_short_and_monotonous_texts_are_not_telling(text):
    assert not telling(text)


def test_an_ordinary_name_is_telling():
    assert telling("Ada Lovelace")
