"""Write a certificate from the facts of an erasure and the log entries it left."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from governance.audit.certificate import (
    Body,
    Certificate,
    ErasureFacts,
    ErasureStep,
    Evidence,
    PublicKey,
    sign_certificate,
)
from governance.audit.checkpoint import Checkpoint, sign_checkpoint
from governance.audit.keys import SigningKey
from governance.audit.leaf import Leaf
from governance.audit.log import Prover
from governance.audit.store import LeafStore


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf and its place in the log."""

    index: int
    leaf: Leaf


async def issue_checkpoint(store: LeafStore, key: SigningKey, at: datetime) -> tuple[Checkpoint, str]:
    """Sign the log's head as it stands."""
    head = await store.head()
    checkpoint = Checkpoint(head.size, head.root, at)
    return checkpoint, sign_checkpoint(checkpoint, key)


async def issue_certificate(
    facts: ErasureFacts, entries: Sequence[Entry], store: LeafStore, key: SigningKey, at: datetime
) -> Certificate:
    """Sign a checkpoint, prove each entry in it, and sign the certificate.

    `entries` are the log entries of this request, one for each `ErasureStep` at least, in the log's order.
    """
    checkpoint, note = await issue_checkpoint(store, key, at)
    prover = Prover(store, checkpoint.size)
    evidence = [Evidence(index=e.index, leaf=e.leaf.to_json(), path=await _path(prover, e.index)) for e in entries]
    stated = {name: value for name, value in facts if name != "residue" or value is not None}
    body = Body(**stated, steps=step_times(entries), issued_at=at)
    unsigned = Certificate(body=body, evidence=tuple(evidence), checkpoint=note, key=PublicKey.of(key.verifying))
    return sign_certificate(unsigned, key)


def step_times(entries: Sequence[Entry]) -> dict[ErasureStep, datetime]:
    """When each step ended: the time of its last log entry."""
    known = {step.value: step for step in ErasureStep}
    return {known[e.leaf.event.value]: e.leaf.at for e in entries if e.leaf.event.value in known}


async def _path(prover: Prover, index: int) -> tuple[str, ...]:
    return tuple(base64.b64encode(node).decode() for node in await prover.inclusion(index))
