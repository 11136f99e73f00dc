"""Idempotency-Key: a repeated POST with the same key does its work once and gets the first answer.

What is remembered is a reference (ids), never an answer's contents: the answer is made anew from it. Two requests
that arrive at the same moment may both do the work; the one whose answer was remembered second undoes its own.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Header

from governance.errors import Conflict
from governance.model import SubjectId
from serve_apps.ingress.services import Services

IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=255, description="Makes a repeated request safe."),
]

Work = Callable[[], Awaitable[str]]
Undo = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Once:
    """One POST of one person. `fingerprint` tells whether a repeated one asks for the same."""

    owner: SubjectId
    key: str
    fingerprint: bytes


def once(parts: Services, owner: SubjectId, key: str | None, path: str, *contents: bytes | bytearray) -> Once | None:
    """What names this POST, None without a key. A client's key may say something about a person: its hash is kept."""
    if key is None:
        return None
    hidden = parts.secrets.fingerprint(b"key", path.encode(), key.encode()).hex()
    return Once(owner, hidden, parts.secrets.fingerprint(path.encode(), *contents))


async def recalled(parts: Services, this: Once | None) -> str | None:
    """The reference of the first answer; `Conflict` when the key was used for another request."""
    if this is None:
        return None
    remembered = await parts.governance.recall(this.owner, this.key)
    if remembered is None:
        return None
    if remembered.fingerprint != this.fingerprint:
        raise Conflict("this Idempotency-Key was used for another request; take a new one")
    return remembered.response_ref


async def perform(parts: Services, this: Once | None, work: Work, undo: Undo) -> str:
    """The reference of the answer, from this work or from the first that had the same key."""
    first = await recalled(parts, this)
    if first is not None:
        return first
    mine = await work()
    return await settle(parts, this, mine, undo)


async def settle(parts: Services, this: Once | None, mine: str, undo: Undo) -> str:
    """Remembers what this request made; undoes it when another with the same key was first."""
    if this is None:
        return mine
    kept = await parts.governance.remember(this.owner, this.key, this.fingerprint, mine)
    if kept.response_ref != mine:
        await undo(mine)
    return kept.response_ref
