"""The audit log's leaves and tree in PostgreSQL: `audit.store.LeafStore` over the caller's connection."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from psycopg.rows import TupleRow

from governance.audit.leaf import Leaf
from governance.audit.log import append_many
from governance.audit.merkle import Frontier
from governance.audit.store import StoredLeaf, StoredNode
from governance.ledger.database import Connection, is_pipelined

_CROWD = 128
_COPY = "COPY audit_leaves (index, data, hash) FROM STDIN"


class LedgerLeafStore:
    """Everything happens in the transaction that the connection is in."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    async def head(self) -> Frontier:
        cursor = await self._conn.execute("SELECT size, peaks FROM audit_head")
        return _frontier(await cursor.fetchone())

    async def head_for_update(self) -> Frontier:
        cursor = await self._conn.execute("SELECT size, peaks FROM audit_head FOR UPDATE")
        return _frontier(await cursor.fetchone())

    async def extend(self, leaves: Sequence[StoredLeaf], nodes: Sequence[StoredNode], head: Frontier) -> None:
        lines = [f"{leaf.index}\t\\\\x{leaf.data.hex()}\t\\\\x{leaf.hash.hex()}\n" for leaf in leaves]
        async with self._conn.cursor() as cursor, cursor.copy(_COPY) as copy:
            await copy.write("".join(lines))
        for node in nodes:
            await self._conn.execute(
                "INSERT INTO audit_nodes (level, index, hash) VALUES (%s, %s, %s)", [node.level, node.index, node.hash]
            )
        await self._conn.execute("UPDATE audit_head SET size = %s, peaks = %s", [head.size, list(head.peaks)])

    async def hashes(self, level: int, start: int, stop: int) -> list[bytes]:
        if level == 0:
            found = await self._conn.execute(
                "SELECT hash FROM audit_leaves WHERE index >= %s AND index < %s ORDER BY index", [start, stop]
            )
        else:
            found = await self._conn.execute(
                "SELECT hash FROM audit_nodes WHERE level = %s AND index >= %s AND index < %s ORDER BY index",
                [level, start, stop],
            )
        return [bytes(row[0]) for row in await found.fetchall()]

    async def leaves(self, start: int, stop: int) -> list[StoredLeaf]:
        cursor = await self._conn.execute(
            "SELECT index, data, hash FROM audit_leaves WHERE index >= %s AND index < %s ORDER BY index", [start, stop]
        )
        return [StoredLeaf(*row) for row in await cursor.fetchall()]

    async def at(self, indices: Iterable[int]) -> Mapping[int, Leaf]:
        """Leaves at these places, read back."""
        cursor = await self._conn.execute(
            "SELECT index, data FROM audit_leaves WHERE index = ANY (%s::bigint[])", [list(indices)]
        )
        return {row[0]: Leaf.from_json(json.loads(row[1])) for row in await cursor.fetchall()}


async def record(conn: Connection, leaves: Sequence[Leaf]) -> None:
    """Append to the audit log in the caller's transaction; call it last, since it holds up other appenders."""
    await record_encoded(conn, [leaf.encode() for leaf in leaves])


async def record_encoded(conn: Connection, leaves: Sequence[bytes]) -> None:
    """Like `record`, for the hot paths' own encodings. Few are appended within PostgreSQL, so that who comes next waits
    for their commit alone; a crowd is hashed here and copied, which is faster."""
    if not leaves:
        return
    if len(leaves) < _CROWD or is_pipelined(conn):
        await conn.execute("SELECT append_leaves(%b::bytea[])", [list(leaves)])
    else:
        await append_many(LedgerLeafStore(conn), cast(Sequence[Leaf], [_Encoded(data) for data in leaves]))


class _Encoded:
    """A leaf that is written already: appending asks nothing of it but its bytes."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def encode(self) -> bytes:
        return self._data


def _frontier(row: TupleRow | None) -> Frontier:
    assert row is not None, "the first migration writes the head"
    return Frontier(row[0], tuple(bytes(peak) for peak in row[1]))
