"""Erasures outlive the database in objects that several share."""

import json

from governance.backup.journal import PREFIX, Journal, JournalEntry, encode
from governance.blobs.memory import MemoryBlobStore
from governance.clock import utc_now
from governance.model import ArtifactId, By, RequestId, RequestKind, SubjectId


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
