import base64
import os

import pytest

from governance.residue.patterns import Pattern, exactly, in_base64, written_down


@pytest.mark.parametrize("before", range(7))
def test_base64_digits_are_found_at_every_alignment(before):
    secret = os.urandom(32)
    text = base64.b64encode(b"x" * before + secret + b"tail of any length"[: before % 4])
    assert sum(pattern.data in text for pattern in in_base64("secret", secret)) >= 1


def test_the_url_alphabet_is_covered():
    secret = b"\xfb\xff\xbf" * 11
    assert any(p.data in base64.urlsafe_b64encode(secret) for p in in_base64("secret", secret))


def test_hexadecimal_matches_in_any_case():
    [written] = [p for p in written_down("key", [b"\xab" * 8]) if p.encoding == "key.hex"]
    assert written == Pattern("key.hex", b"ab" * 8, caseless=True)


def test_exact_slices_are_kept_as_they_are():
    assert list(exactly("file", [b"one", b"two"])) == [Pattern("file", b"one"), Pattern("file", b"two")]
