"""Migrations: replayed they give the schema that is checked in."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.embedded.postgres import binaries
from cluster.embedded.throwaway import Servers
from governance.config import GovernanceSettings
from governance.errors import Conflict
from governance.ledger import migrate
from governance.ledger.database import Database
from tests.support.governance import fresh_database, settings_for

SCHEMA = Path(migrate.__file__).with_name("schema.sql")


@pytest.fixture
def settings(servers: Servers, tmp_path: Path) -> Iterator[GovernanceSettings]:
    """Nothing was migrated yet."""
    with fresh_database(servers) as dsn:
        yield settings_for(servers, dsn, tmp_path)


def dump(dsn: str) -> str:
    """The schema without what differs from one dump to the next."""
    text = subprocess.run(
        [binaries() / "pg_dump", "--schema-only", "--no-owner", "--no-privileges", "--dbname", dsn],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    lines = [line for line in text.splitlines() if line and not re.match(r"--|SET |SELECT pg_catalog|\\", line)]
    return "\n".join(lines) + "\n"


async def test_replayed_migrations_equal_the_schema(settings: GovernanceSettings) -> None:
    database = await Database.open(settings.ledger)
    applied = await migrate.migrate(database)
    assert [one.number for one in applied] == sorted({one.number for one in migrate.shipped()})
    assert await migrate.migrate(database) == []
    await database.close()
    assert dump(settings.ledger.dsn) == SCHEMA.read_text()


async def test_a_changed_or_unknown_migration_is_refused(settings: GovernanceSettings) -> None:
    database = await Database.open(settings.ledger)
    await migrate.migrate(database)
    async with database.transaction() as conn:
        await conn.execute("UPDATE migrations SET digest = 'x' WHERE number = 1")
    with pytest.raises(Conflict, match="changed after it was applied"):
        await migrate.migrate(database)
    async with database.transaction() as conn:
        await conn.execute("UPDATE migrations SET number = 9999 WHERE number = 1")
    with pytest.raises(Conflict, match="use a newer one"):
        await migrate.migrate(database)
    await database.close()
