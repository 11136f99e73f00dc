"""Passwords as Argon2id hashes. Each takes tens of milliseconds and megabytes: off the event loop, few at once."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from serve_apps.config import AccountSettings

AT_ONCE = 2


class Passwords:
    """Makes and checks password hashes."""

    def __init__(self, settings: AccountSettings) -> None:
        self._hasher = PasswordHasher(time_cost=settings.argon2_passes, memory_cost=settings.argon2_memory_kib)
        self._nobody = self._hasher.hash("no account has this password")
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """Argon2id's encoded text, with its salt and costs in it."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is right. With no account (None) it takes as long and is wrong."""
        async with self._turn:
            right = await asyncio.to_thread(self._matches, stored or self._nobody, password)
        return right and stored is not None

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
