"""A dossier is complete against the lineage, and shows nothing of other people."""

import pytest

from governance.errors import Gone
from governance.holder import Holder
from governance.ledger import dossier as rows
from governance.model import Kind, NewArtifact, NewJob, NewRun, NewToken, Purpose
from governance.service import GovernanceService
from tests.support.governance import photo, sign_up


async def test_everything_that_is_held_is_named(service: GovernanceService, holder: Holder) -> None:
    person, other = await sign_up(service), await sign_up(service)
    taken = await photo(holder, person.id)
    await photo(holder, other.id)
    job = await service.enqueue_job(NewJob(person.id, (taken.id,), "fast"))
    run = await service.start_run(NewRun(Purpose.TRAINING, (person.id,), (taken.id,)))
    made = await holder.write(NewArtifact(Kind.ADAPTER, (person.id,), Purpose.TRAINING, (taken.id,), run.id), b"w")
    await service.issue_token(NewToken(person.id, b"h" * 32, frozenset({"images"}), run.started_at.replace(year=2099)))
    dossier = await service.dossier(person.id)
    assert [one.id for one in dossier.artifacts] == [taken.id, made.id]
    assert [one.id for one in dossier.runs] == [run.id]
    assert [row["id"] for row in dossier.records["jobs"]] == [str(job.id.uuid)]
    (token,) = dossier.records["tokens"]
    assert token["scopes"] == ["images"]
    assert not [name for columns in dossier.columns.values() for name in columns if "hash" in name or "sealed" in name]


async def test_every_table_that_names_people_is_part_of_it(service: GovernanceService) -> None:
    async with service.parts.database.transaction() as conn:
        cursor = await conn.execute(
            "SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND column_name IN ('subject', 'owner', 'giver', 'receiver') AND data_type = 'uuid'"
        )
        named = {row[0] for row in await cursor.fetchall()}
        assert {table.name for table in await rows.tables(conn)} == named - {"artifact_subjects"}


async def test_of_several_people_each_sees_their_own(service: GovernanceService, holder: Holder) -> None:
    person, other = await sign_up(service), await sign_up(service)
    mine, theirs = await photo(holder, person.id), await photo(holder, other.id)
    both = (person.id, other.id)
    run = await service.start_run(NewRun(Purpose.IDENTITY_CHECK, both, (mine.id, theirs.id)))
    shared = await holder.write(
        NewArtifact(Kind.CROP, both, Purpose.IDENTITY_CHECK, (mine.id, theirs.id), run.id), b"c"
    )
    dossier = await service.dossier(person.id)
    assert [one.id for one in dossier.artifacts] == [mine.id, shared.id]
    assert dossier.artifacts[1].parents == (mine.id,)
    assert dossier.artifacts[1].subjects == (person.id,)
    assert dossier.runs[0].inputs == (mine.id,)
    export = await holder.write(NewArtifact(Kind.EXPORT, (person.id,), Purpose.EXPORT, (mine.id, shared.id)), b"zip")
    assert other.id in export.subjects, "it goes when the other person is erased"
    assert [one.id for one in (await service.dossier(other.id)).artifacts] == [theirs.id, shared.id]
    assert (await service.artifacts(other.id, Kind.EXPORT)).items == ()
    assert len((await service.artifacts(person.id, Kind.EXPORT)).items) == 1


async def test_of_an_erased_person_nothing_is_told(service: GovernanceService) -> None:
    person = await sign_up(service)
    await service.erase(person.id)
    with pytest.raises(Gone):
        await service.dossier(person.id)
