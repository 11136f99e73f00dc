from datetime import timedelta

from governance.audit.certificate import ErasureStep
from governance.audit.checkpoint import open_checkpoint
from governance.audit.issue import Entry, issue_certificate, issue_checkpoint, step_times
from governance.audit.leaf import Leaf, LeafEvent
from governance.audit.verify import verify


async def test_a_checkpoint_signs_the_head(erased, key):
    _, entries, store = await erased()
    at = entries[-1].leaf.at
    checkpoint, note = await issue_checkpoint(store, key, at)
    head = await store.head()
    assert (checkpoint.size, checkpoint.root) == (head.size, head.root)
    assert open_checkpoint(note, key.verifying).root == head.root


async def test_the_certificate_carries_facts_steps_and_proofs(erased, key):
    facts, entries, store = await erased(before=1000, after=700)
    at = entries[-1].leaf.at + timedelta(minutes=1)
    made = await issue_certificate(facts, entries, store, key, at)
    assert made.body.erased == facts.erased
    assert set(made.body.steps) == set(ErasureStep)
    assert [e.index for e in made.evidence] == list(range(1000, 1000 + len(entries)))
    assert verify(made.to_bytes()).checkpoint.size == 1700 + len(entries)


async def test_a_repeated_step_counts_from_its_last_entry(erased):
    _, entries, _ = await erased()
    last = entries[-1].leaf
    again = Leaf(event=LeafEvent.ERASURE_SCANNED, at=last.at + timedelta(hours=1))
    other = Leaf(event=LeafEvent.RUN_STARTED, at=last.at)
    times = step_times([*entries, Entry(9999, again), Entry(10000, other)])
    assert times[ErasureStep.SCANNED] == again.at
    assert len(times) == len(ErasureStep)
