"""Erasures outlive the database in objects that several share."""

import json

import pytest

from governance.backup import journal as journal_module
from governance.backup.journal import PREFIX, Journal, JournalEntry, encode
from governance.blobs.memory import MemoryBlobStore
from governance.clock import utc_now
from governance.errors import Unavailable
from governance.model import ArtifactId, By, RequestId, RequestKind, SubjectId


class Away(MemoryBlobStore):
    """Takes nothing."""

    async def put(self, key: str, data: bytes) -> str:
        raise Unavailable("not now")


def entry() -> JournalEntry:
    made, owner = ArtifactId.new(), SubjectId.new()
    id = RequestId.new()
    return JournalEntry(id, RequestKind.ERASURE, By.SUBJECT, owner, None, made, (made,), utc_now())


async def test_company_shares_an_object_and_nobody_loses_theirs_to_another_company() -> None:
    store = MemoryBlobStore()
    journal, (one, two, three) = Journal(store), (entry() for _ in range(3))
    await journal.append([one, three])
    await journal.append([one, three])
    await journal.append([one])
    await journal.append([two])
    assert len(await store.keys(PREFIX)) == 3
    assert list(await journal.entries()) == [one, two, three]


async def test_objects_of_one_entry_alone_are_read_as_they_were_written_once() -> None:
    store, one = MemoryBlobStore(), entry()
    (raw,) = json.loads(encode([one]))
    await store.put(PREFIX + one.request, json.dumps(raw).encode())
    assert list(await Journal(store).entries()) == [one]


async def test_what_was_appended_lately_is_known_where_it_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_REMEMBERED", 3)
    store = MemoryBlobStore()
    journal, made = Journal(store), [entry() for _ in range(5)]
    for one in made:
        assert not journal.has_lately(one.request)
        await journal.append([one])
    assert [journal.has_lately(one.request) for one in made] == [False, False, True, True, True]
    assert not Journal(store).has_lately(made[-1].request)


async def test_what_could_not_be_stored_is_not_taken_for_known() -> None:
    journal, one = Journal(Away()), entry()
    with pytest.raises(Unavailable):
        await journal.append([one])
    assert not journal.has_lately(one.request)
