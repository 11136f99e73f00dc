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
    """One certificate with a checkpoint of its own; see `Issuer`."""
    return await (await Issuer.open(store, key, at)).certificate(facts, entries)


class Issuer:
    """Certificates that share one signed checkpoint, and what was read of the log to prove entries in it."""

    def __init__(self, prover: Prover, note: str, key: SigningKey, at: datetime) -> None:
        self._prover, self._note, self._key, self._at = prover, note, key, at
        self._written: dict[bytes, str] = {}

    @classmethod
    async def open(cls, store: LeafStore, key: SigningKey, at: datetime) -> Issuer:
        """With the log's head as it stands."""
        checkpoint, note = await issue_checkpoint(store, key, at)
        return cls(Prover(store, checkpoint.size), note, key, at)

    async def certificate(self, facts: ErasureFacts, entries: Sequence[Entry]) -> Certificate:
        """Prove each entry in the checkpoint, and sign.

        `entries` are the log entries of this request, one for each `ErasureStep` at least, in the log's order.
        """
        evidence = [Evidence(index=e.index, leaf=e.leaf.to_json(), path=await self._path(e.index)) for e in entries]
        stated = {name: value for name, value in facts if name != "residue" or value is not None}
        body = Body(**stated, steps=step_times(entries), issued_at=self._at)
        named = PublicKey.of(self._key.verifying)
        unsigned = Certificate(body=body, evidence=tuple(evidence), checkpoint=self._note, key=named)
        return sign_certificate(unsigned, self._key)

    async def _path(self, index: int) -> tuple[str, ...]:
        return tuple([self._write(node) for node in await self._prover.inclusion(index)])

    def _write(self, node: bytes) -> str:
        """Neighbours in the log share most of their paths."""
        if node not in self._written:
            self._written[node] = base64.b64encode(node).decode()
        return self._written[node]


def step_times(entries: Sequence[Entry]) -> dict[ErasureStep, datetime]:
    """When each step ended: the time of its last log entry."""
    known = {step.value: step for step in ErasureStep}
    return {known[e.leaf.event.value]: e.leaf.at for e in entries if e.leaf.event.value in known}
