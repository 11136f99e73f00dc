"""Password hashes."""

from serve_apps.config import AccountSettings
from serve_apps.ingress.passwords import Passwords

QUICK = Passwords(AccountSettings(argon2_memory_kib=64, argon2_passes=1))


async def test_hashes_are_argon2id_with_a_salt_each() -> None:
    first, second = await QUICK.hash("a password"), await QUICK.hash("a password")
    assert first.startswith("$argon2id$")
    assert first != second
    assert "a password" not in first


async def test_only_the_right_password_is_right() -> None:
    stored = await QUICK.hash("a password")
    assert await QUICK.verify(stored, "a password")
    assert not await QUICK.verify(stored, "A password")


async def test_without_an_account_every_password_is_wrong() -> None:
    assert not await QUICK.verify(None, "no account has this password")


async def test_a_damaged_hash_is_wrong() -> None:
    assert not await QUICK.verify("$argon2id$broken", "a password")


def test_the_default_cost_is_what_is_recommended() -> None:
    settings = AccountSettings()
    assert settings.argon2_memory_kib >= 64 * 1024
    assert settings.argon2_passes >= 3
