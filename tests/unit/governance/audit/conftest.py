import importlib.util
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from governance.audit.certificate import (
    ErasureFacts,
    Held,
    OutOfScope,
    ProcessorAnswer,
    ProcessorNotice,
    ResidueResult,
    Scope,
    Unreached,
    completion_counts,
)
from governance.audit.issue import Entry, issue_certificate
from governance.audit.keys import SigningKey
from governance.audit.leaf import Leaf, LeafEvent
from governance.audit.log import append_many
from governance.audit.store import MemoryLeafStore
from governance.ids import ArtifactId, RequestId, SubjectId
from governance.model import By, Kind

START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(scope="session")
def rfc6962():
    spec = importlib.util.spec_from_file_location("rfc6962", Path(__file__).with_name("rfc6962.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def key():
    return SigningKey(bytes(range(32)))


def erasure_facts(subject, request):
    return ErasureFacts(
        subject=subject,
        request=request,
        scope=Scope.ACCOUNT,
        by=By.SUBJECT,
        erased={"photo": 8, "adapter": 1, "image": 4},
        held=(Held(kind="report", count=1, basis="bookkeeping", until=START + timedelta(days=2000)),),
        out_of_scope=(Unreached(what=OutOfScope.SEALED_BYTES_IN_BACKUPS, until=START + timedelta(days=7)),),
        processors=(
            ProcessorNotice(
                processor="s3", told_at=START, answered_at=START + timedelta(seconds=1), answer=ProcessorAnswer.ERASED
            ),
            ProcessorNotice(processor="stripe", told_at=START, answer=ProcessorAnswer.PENDING),
        ),
        residue=ResidueResult(scanned={"data": 1000, "memory": 500}, canaries=8, findings=0),
    )


def erasure_leaves(facts):
    names = {"subject": facts.subject, "request": facts.request}
    fields = {
        LeafEvent.REQUEST_OPENED: {},
        LeafEvent.ERASURE_FENCED: {"counts": dict(facts.erased)},
        LeafEvent.KEY_DESTROYED: {"counts": {"keys": 13}},
        LeafEvent.ERASURE_HOLDERS_CLEARED: {"counts": {"acknowledged": 2}},
        LeafEvent.ERASURE_BYTES_REMOVED: {"counts": {"versions": 13}},
        LeafEvent.ERASURE_ROWS_SCRUBBED: {"counts": {"rows": 14}},
        LeafEvent.ERASURE_PROCESSORS_TOLD: {"counts": {"processors": 2}},
        LeafEvent.ERASURE_SCANNED: {"counts": facts.residue.counts()},
        LeafEvent.ERASURE_COMPLETED: {"counts": completion_counts(facts.erased, facts.held)},
    }
    return [
        Leaf(event=event, at=START + timedelta(seconds=i), **names, **more)
        for i, (event, more) in enumerate(fields.items())
    ]


def other_leaves(count):
    return [
        Leaf(
            event=LeafEvent.ARTIFACT_LIVE,
            at=START,
            artifact=ArtifactId.new(),
            subject=SubjectId.new(),
            words={"kind": Kind.PHOTO},
        )
        for _ in range(count)
    ]


@pytest.fixture
def erased():
    """Facts, leaves and the log of one erasure among strangers' entries."""

    async def make(before=300, after=50):
        facts = erasure_facts(SubjectId.new(), RequestId.new())
        leaves = erasure_leaves(facts)
        store = MemoryLeafStore()
        await append_many(store, other_leaves(before))
        indices = await append_many(store, leaves)
        await append_many(store, other_leaves(after))
        entries = [Entry(i, leaf) for i, leaf in zip(indices, leaves, strict=True)]
        return facts, entries, store

    return make


@pytest.fixture
def certificate(erased, key):
    async def make():
        facts, entries, store = await erased()
        return await issue_certificate(facts, entries, store, key, START + timedelta(minutes=1))

    return make
