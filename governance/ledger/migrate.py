"""Numbered `.sql` files, each applied once and in order; a changed or missing one is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources

from governance.errors import Conflict
from governance.ledger.database import Connection, Database

_LOCK = 0x5052_0001
_TABLE = """
CREATE TABLE IF NOT EXISTS migrations (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    digest     bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def digest(self) -> bytes:
        return sha256(self.sql.encode()).digest()


def shipped() -> Sequence[Migration]:
    """The migrations of this version, in order."""
    folder = resources.files("governance.ledger").joinpath("migrations")
    ordered = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [Migration(int(f.name.split("_")[0]), f.name, f.read_text(encoding="utf-8")) for f in ordered]


async def migrate(database: Database) -> Sequence[Migration]:
    """Bring the database to this version; gives what was applied now. Safe when several processes start at once."""
    async with database.transaction() as conn:
        await conn.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        await conn.execute(_TABLE)
        pending = await _pending(conn)
        for migration in pending:
            await conn.execute(migration.sql)
            await conn.execute(
                "INSERT INTO migrations (number, name, digest) VALUES (%s, %s, %s)",
                [migration.number, migration.name, migration.digest],
            )
        return pending


async def _pending(conn: Connection) -> Sequence[Migration]:
    cursor = await conn.execute("SELECT number, digest FROM migrations")
    applied = {row[0]: row[1] for row in await cursor.fetchall()}
    known = {migration.number: migration for migration in shipped()}
    for number, digest in applied.items():
        if number not in known:
            raise Conflict(f"the database has migration {number}, which this version does not know: use a newer one")
        if known[number].digest != digest:
            raise Conflict(f"migration {known[number].name} was changed after it was applied: restore the file")
    return [migration for migration in known.values() if migration.number not in applied]
