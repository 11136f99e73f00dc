"""What people and officers decided: holds, restrictions, objections, withdrawn consents.

Noted with the change itself; from here it goes into the journal (`backup/decisions.py`), of which a restored ledger
learns it again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from psycopg.types.json import Jsonb

from governance.ids import DecisionId, digits
from governance.ledger.database import Connection


class What(StrEnum):
    """Each with what it is about and, in `words`, what else is needed to decide it again."""

    HOLD_PLACED = "hold.placed"
    """A hold; `artifact`, `basis`, `until`."""
    HOLD_LIFTED = "hold.lifted"
    """A hold."""
    FROZEN = "subject.frozen"
    """A person."""
    LIFTED = "subject.lifted"
    """A person."""
    OBJECTED = "objection.recorded"
    """A person; `purpose`."""
    AGREED_AGAIN = "objection.withdrawn"
    """A person; `purpose`."""
    CONSENT_WITHDRAWN = "consent.withdrawn"
    """A person; `purpose`."""
    SHARE_WITHDRAWN = "share.withdrawn"
    """A share of a model."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Opaque ids, dates and words of a vocabulary only; ids sort by time."""

    what: What
    about: UUID
    at: datetime
    words: Mapping[str, str] = field(default_factory=dict)
    id: DecisionId = field(default_factory=DecisionId.new)


async def note(conn: Connection, made: Sequence[Decision]) -> None:
    """In the transaction that carries them out, under its row locks."""
    await conn.execute(
        """
        INSERT INTO decisions (id, what, about, at, words)
        SELECT * FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::timestamptz[], %s::jsonb[])
        """,
        [
            digits(one.id for one in made),
            [str(one.what) for one in made],
            [one.about for one in made],
            [one.at for one in made],
            [Jsonb(dict(one.words)) for one in made],
        ],
    )


async def unwritten(conn: Connection, limit: int) -> Sequence[Decision]:
    """Oldest first."""
    cursor = await conn.execute("SELECT what, about, at, words, id FROM decisions ORDER BY id LIMIT %s", [limit])
    return [Decision(What(row[0]), row[1], row[2], row[3], DecisionId.of(row[4])) for row in await cursor.fetchall()]


async def written(conn: Connection, ids: Iterable[DecisionId]) -> None:
    await conn.execute("DELETE FROM decisions WHERE id = ANY (%s::uuid[])", [digits(ids)])
