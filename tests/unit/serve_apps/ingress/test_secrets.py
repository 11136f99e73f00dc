"""Tokens, keyed hashes, signed links."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from governance.ids import CodeId
from serve_apps.ingress.secrets import Secrets, create_secret, load_secret, new_token, token_hash

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRETS = Secrets(bytes(range(32)))


def test_tokens_are_256_random_bits_and_known_by_their_hash() -> None:
    tokens = [new_token() for _ in range(50)]
    assert len({token.text for token in tokens}) == 50
    assert all(len(token.text) == len("pxr_") + 43 for token in tokens)
    assert all(token_hash(token.text) == token.hash and len(token.hash) == 32 for token in tokens)


def test_a_mailbox_has_one_hash_and_another_installation_another() -> None:
    assert SECRETS.email_hash(" Ada@Example.org ") == SECRETS.email_hash("ada@example.org")
    assert SECRETS.email_hash("ada@example.org") != SECRETS.email_hash("eda@example.org")
    assert SECRETS.email_hash("ada@example.org") != Secrets(bytes(32)).email_hash("ada@example.org")


def test_a_fingerprint_tells_where_one_part_ends() -> None:
    assert SECRETS.fingerprint(b"ab", b"c") != SECRETS.fingerprint(b"a", b"bc")
    assert SECRETS.fingerprint(b"ab") == SECRETS.fingerprint(bytearray(b"ab"))


def test_a_link_is_valid_for_its_path_and_time_alone() -> None:
    ends = NOW + timedelta(hours=1)
    expires = int(ends.timestamp())
    signature = SECRETS.sign_link("/a", ends)
    assert SECRETS.link_is_valid("/a", expires, signature, NOW)
    assert not SECRETS.link_is_valid("/b", expires, signature, NOW)
    assert not SECRETS.link_is_valid("/a", expires + 1, signature, NOW)
    assert not SECRETS.link_is_valid("/a", expires, signature, ends)
    assert not SECRETS.link_is_valid("/a", expires, "é" + signature[1:], NOW)
    assert not Secrets(bytes(32)).link_is_valid("/a", expires, signature, NOW)


def test_the_secret_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret"
    create_secret(path)
    first = path.read_bytes()
    create_secret(path)
    assert path.read_bytes() == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_secret(path).email_hash("a@b.c") == Secrets(first).email_hash("a@b.c")


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Secrets(b"short")


def test_a_code_names_its_id_and_cannot_be_made_up() -> None:
    id = CodeId.new()
    text = SECRETS.code_text(id)
    assert len(text) == 64
    assert SECRETS.code_id(text) == id
    for wrong in (text[:-1] + "x", text.upper() + "0", CodeId.new().digits + text[32:], "", "ø" * 64):
        assert SECRETS.code_id(wrong) is None
    assert Secrets(bytes(32)).code_id(text) is None


def test_an_operators_pass_is_short_lived() -> None:
    good = SECRETS.operators_pass(NOW + timedelta(minutes=1))
    assert SECRETS.is_operators(good, NOW)
    assert not SECRETS.is_operators(good, NOW + timedelta(minutes=1))
    assert not SECRETS.is_operators(SECRETS.operators_pass(NOW + timedelta(days=1)), NOW)
    assert not Secrets(bytes(32)).is_operators(good, NOW)
    for wrong in ("pxo_", "pxo_x.y", "pxr_" + good[4:], good + "0", "pxo_²" + good[5:]):
        assert not SECRETS.is_operators(wrong, NOW)
