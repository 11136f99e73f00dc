"""What lies at rest: every row and every object of a house, to look for what must not be among them."""

from datetime import datetime

from governance.model import Role, SubjectId
from tests.integration.house import House
from tests.integration.people import Person
from tests.support.governance import store_of


def rows(house: House) -> bytes:
    """Every column of every table, bytes as they are and all else as text."""
    return house.call(_rows(house))


async def _rows(house: House) -> bytes:
    found: list[bytes] = []
    async with house.governance.parts.database.transaction() as conn:
        tables = await conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in await tables.fetchall():
            everything = await conn.execute(f'SELECT * FROM "{table}"')
            for row in await everything.fetchall():
                found += [bytes(each) if isinstance(each, bytes) else str(each).encode() for each in row]
    return b"\n".join(found)


def objects(house: House, owner: str) -> dict[str, bytes]:
    """The stored bytes of one person, by their key."""
    return house.call(_objects(house, owner))


async def _objects(house: House, owner: str) -> dict[str, bytes]:
    store = store_of(house.governance)
    prefix = f"{SubjectId(owner).digits}/"
    return {key: await store.latest(key) for key in await store.keys(prefix)}


def make_officer(person: Person) -> Person:
    """Somebody becomes the data-protection officer."""
    person.works_as(Role.DPO)
    return person


def house_time(house: House) -> datetime:
    """The time as the house has it."""
    return house.governance.parts.accounts._clock()
