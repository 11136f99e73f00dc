"""Answers to requests that carried an Idempotency-Key."""

from datetime import timedelta

from governance.clock import Clock
from governance.errors import Conflict
from governance.ledger import idempotency, subjects
from governance.ledger.database import Database
from governance.model import Remembered, SubjectId

_KEPT = timedelta(days=1)


class Idempotency:
    """See `api.IdempotencyApi` for what each call promises."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def remember(self, owner: SubjectId, key: str, fingerprint: bytes, response_ref: str) -> Remembered:
        async with self._database.transaction() as conn:
            await subjects.living(conn, owner)
            new = Remembered(fingerprint, response_ref)
            first = await idempotency.remember(conn, owner, key, new, self._clock())
        if first.fingerprint != fingerprint:
            raise Conflict("this Idempotency-Key was used for another request: take a new one")
        return first

    async def recall(self, owner: SubjectId, key: str) -> Remembered | None:
        async with self._database.transaction() as conn:
            return await idempotency.recall(conn, owner, key)

    async def forget_old(self) -> None:
        async with self._database.transaction() as conn:
            await idempotency.delete_older(conn, self._clock() - _KEPT)
