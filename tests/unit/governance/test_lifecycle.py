"""The same machines in Python and in the database, which refuses everything else."""

import psycopg
import pytest

from governance.config import GovernanceSettings
from governance.lifecycle import MACHINES
from governance.service import GovernanceService
from tests.support.governance import sign_up


async def test_the_database_holds_the_same_transitions(
    service: GovernanceService, settings: GovernanceSettings
) -> None:
    with psycopg.connect(settings.ledger.dsn) as conn:
        rows = conn.execute("SELECT machine, from_state, to_state FROM transitions").fetchall()
    expected = {(name, str(a), str(b)) for name, machine in MACHINES.items() for a, b in machine}
    assert set(rows) == expected


async def test_every_machine_is_guarded_by_the_database(
    service: GovernanceService, settings: GovernanceSettings
) -> None:
    with psycopg.connect(settings.ledger.dsn) as conn:
        rows = conn.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'legal_transition'")
        assert {table for (table,) in rows} == set(MACHINES)


async def test_the_database_refuses_an_illegal_transition(
    service: GovernanceService, settings: GovernanceSettings
) -> None:
    owner = await sign_up(service)
    with (
        psycopg.connect(settings.ledger.dsn) as conn,
        pytest.raises(psycopg.IntegrityError, match="subjects cannot go from active to erased"),
    ):
        conn.execute(
            "UPDATE subjects SET state = 'erased', erased_at = now(), sealed_key = NULL WHERE id = %s", [owner.id.uuid]
        )
