"""Rows of third parties: the register, what each received, and what each answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from governance.audit.certificate import ProcessorAnswer
from governance.ids import digits
from governance.ledger.database import Connection
from governance.model import RequestId, SubjectId
from governance.processors.processor import Registration


@dataclass(frozen=True, slots=True)
class Told:
    """What a third party answered to one request, so far."""

    processor: str
    answer: ProcessorAnswer
    told_at: datetime
    answered_at: datetime | None


async def register(conn: Connection, one: Registration, now: datetime) -> None:
    await conn.execute(
        """
        INSERT INTO processors (name, region, purpose, fields, created_at) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (name) DO UPDATE SET region = excluded.region, purpose = excluded.purpose, fields = excluded.fields
        """,
        [one.name, one.region, one.purpose, list(one.fields), now],
    )


async def told(conn: Connection, request: RequestId) -> Sequence[Told]:
    cursor = await conn.execute(
        """
        SELECT processor, answer, told_at, answered_at FROM processor_answers WHERE request = %s ORDER BY processor
        """,
        [request.uuid],
    )
    return [Told(row[0], ProcessorAnswer(row[1]), row[2], row[3]) for row in await cursor.fetchall()]


async def told_of_each(conn: Connection, requests: Iterable[RequestId]) -> Mapping[RequestId, Sequence[Told]]:
    cursor = await conn.execute(
        """
        SELECT request, processor, answer, told_at, answered_at FROM processor_answers
        WHERE request = ANY (%s::uuid[]) ORDER BY processor
        """,
        [digits(requests)],
    )
    found: dict[RequestId, list[Told]] = {}
    for row in await cursor.fetchall():
        told = Told(row[1], ProcessorAnswer(row[2]), row[3], row[4])
        found.setdefault(RequestId.of(row[0]), []).append(told)
    return found


async def save_answer(conn: Connection, request: RequestId, one: Told) -> None:
    """The latest answer stands; when it was told first stays."""
    await conn.execute(
        """
        INSERT INTO processor_answers (request, processor, answer, told_at, answered_at) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (request, processor) DO UPDATE SET answer = excluded.answer, answered_at = excluded.answered_at
        """,
        [request.uuid, one.processor, one.answer, one.told_at, one.answered_at],
    )


async def add_transfer(
    conn: Connection, processor: str, subject: SubjectId, fields: Sequence[str], now: datetime
) -> None:
    """A third party received something of a person; one that is not in the register may receive nothing (P5.4)."""
    await conn.execute(
        "INSERT INTO transfers (id, processor, subject, fields, sent_at) VALUES (%s, %s, %s, %s, %s)",
        [uuid4(), processor, subject.uuid, list(fields), now],
    )


async def forget_transfers(conn: Connection, subject: SubjectId) -> None:
    """Once all have answered, what each received is no longer needed."""
    await conn.execute("DELETE FROM transfers WHERE subject = %s", [subject.uuid])
