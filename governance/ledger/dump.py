"""The ledger's rows as one stream of frames, read at one moment, and loaded into an empty database.

frame   1 byte kind (T: table name, D: rows in COPY text) ‖ 4 bytes length ‖ payload
"""

from collections.abc import AsyncIterator, Iterator
from struct import pack, unpack_from

from psycopg.sql import SQL, Identifier

from governance.errors import Conflict, Tampered
from governance.ledger.database import Connection

TABLES = (
    "epochs", "service_keys", "subjects", "accounts", "tokens", "artifacts", "parents", "artifact_subjects", "runs",
    "holds", "requests", "request_artifacts", "processors", "transfers", "processor_answers", "jobs", "idempotency",
    "rights_requests", "outside_numbers", "takedowns", "disclosures", "shares", "breaches", "alarms",
    "events", "event_head", "webhooks", "webhook_deliveries", "tickets", "ticket_messages",
    "usage_days", "usage_counted",
    "money_wallets", "money_entries", "money_postings", "money_holds", "money_orders", "money_events",
    "notices", "codes", "consents", "announcements", "decisions",
    "audit_leaves", "audit_nodes", "audit_head", "audit_checkpoints",
)  # fmt: skip
"""In an order that foreign keys allow."""
LEFT_OUT = frozenset({"sign_in_attempts", "migrations", "transitions", "holders", "holdings"})
"""What every ledger brings itself, and leases and counts of attempts, which do not outlive theirs."""

_TABLE, _ROWS = b"T", b"D"
_HEADER_BYTES = 5


async def read_all(conn: Connection) -> AsyncIterator[bytes]:
    """Every table as of now."""
    await conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    for table in TABLES:
        yield _frame(_TABLE, table.encode())
        async with conn.cursor() as cursor, cursor.copy(SQL("COPY {} TO STDOUT").format(Identifier(table))) as copy:
            async for rows in copy:
                yield _frame(_ROWS, bytes(rows))


async def load_all(conn: Connection, frames: Iterator[tuple[bytes, bytes]]) -> None:
    """Into a migrated database that holds nobody yet. Raises `Conflict` when it does."""
    cursor = await conn.execute("SELECT EXISTS (SELECT FROM subjects)")
    row = await cursor.fetchone()
    if row is None or row[0]:
        raise Conflict("a backup is restored into an empty database only: make a new one")
    await conn.execute("SET LOCAL pixreunion.silent = 'on'")
    await conn.execute(
        "TRUNCATE event_head, audit_head, audit_leaves, audit_nodes, service_keys, epochs, processors, announcements"
        " CASCADE"
    )
    tables = iter(TABLES)
    kind, payload = next(frames, (b"", b""))
    while kind:
        if kind != _TABLE or payload.decode() != next(tables, None):
            raise Tampered("the backup's tables are not in their order")
        copy_in = SQL("COPY {} FROM STDIN").format(Identifier(payload.decode()))
        async with conn.cursor() as cursor, cursor.copy(copy_in) as copy:
            for kind, payload in frames:
                if kind == _TABLE:
                    break
                await copy.write(payload)
            else:
                kind = b""
    if next(tables, None) is not None:
        raise Tampered("the backup ends before its last table")
    # Numbers of receipts go on where they were.
    await conn.execute("SELECT setval('money_receipts', max(receipt)) FROM money_orders HAVING max(receipt) > 0")


def frames_of(chunks: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """(kind, payload) from a stream in pieces of any size."""
    pending = bytearray()
    for chunk in chunks:
        pending += chunk
        while len(pending) >= _HEADER_BYTES:
            kind, length = unpack_from(">cI", pending)
            if len(pending) < _HEADER_BYTES + length:
                break
            yield kind, bytes(pending[_HEADER_BYTES : _HEADER_BYTES + length])
            del pending[: _HEADER_BYTES + length]
    if pending:
        raise Tampered("the backup ends within a row")


def _frame(kind: bytes, payload: bytes) -> bytes:
    return pack(">cI", kind, len(payload)) + payload
