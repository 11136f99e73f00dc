"""The outbox of e-mails: what is to be told is written down with what happened, and leaves once.

    queued ──► sent          the relay took it
       │  └──► dropped       there is nobody to write to, or it is no longer news
       └─┐
         └─ postponed        the relay did not answer: later, each time twice as late

A sender that dies after the relay took an e-mail and before it could say so leaves it queued. Its successor sends it
under the same Message-ID, by which relays and mailboxes know it for the same e-mail.
"""

from collections.abc import Sequence
from datetime import timedelta

from governance.clock import Clock
from governance.ids import NoticeId
from governance.ledger import notices, processors
from governance.ledger.database import Database
from governance.people.model import Notice
from governance.processors.mail import FIELDS, NAME

_LEASE = timedelta(minutes=2)
_FIRST_REST, _LONGEST_REST = timedelta(seconds=10), timedelta(hours=1)
_LOOK_BACK = timedelta(days=1)
_LAST_DAYS = timedelta(days=3)
_NEWS = timedelta(days=7)
_KEPT = timedelta(days=30)
_AT_ONCE = 50


class Outbox:
    """See `api.PeopleApi` for what each call promises."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def claim(self, limit: int) -> Sequence[Notice]:
        now = self._clock()
        async with self._database.transaction() as conn:
            await notices.drop_unwanted(conn, now)
            return await notices.claim(conn, max(1, min(limit, _AT_ONCE)), now, now + _LEASE)

    async def sent(self, id: NoticeId, attempt: int) -> None:
        now = self._clock()
        async with self._database.transaction() as conn:
            subject = await notices.end(conn, id, attempt, "sent", now)
            if subject is not None and not await notices.known_to_relay(conn, subject, NAME):
                await processors.add_transfer(conn, NAME, subject, FIELDS, now)

    async def dropped(self, id: NoticeId, attempt: int) -> None:
        async with self._database.transaction() as conn:
            await notices.end(conn, id, attempt, "dropped", self._clock())

    async def postpone(self, id: NoticeId, attempt: int) -> None:
        rest = min(_FIRST_REST * 2 ** min(attempt - 1, 16), _LONGEST_REST)
        async with self._database.transaction() as conn:
            await notices.postpone(conn, id, attempt, self._clock() + rest)

    async def collect(self) -> int:
        """A chore: writes down what ended meanwhile and was not told of."""
        now = self._clock()
        async with self._database.transaction() as conn:
            return await notices.queue_ended(conn, now - _LOOK_BACK, now, now + _LAST_DAYS)

    async def tidy(self) -> None:
        """A chore."""
        now = self._clock()
        async with self._database.transaction() as conn:
            await notices.drop_old(conn, now - _NEWS, now)
            await notices.forget(conn, now - _KEPT)
