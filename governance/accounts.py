"""Accounts, tokens and restriction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import Clock
from governance.errors import Conflict, Gone, GovernanceError, NotFound
from governance.ledger import accounts, decisions, epochs, rights, subjects
from governance.ledger.database import Connection, Database
from governance.ledger.decisions import Decision, What
from governance.ledger.group import GroupCommit
from governance.ledger.leaves import record
from governance.model import (
    Account,
    NewAccount,
    NewToken,
    Subject,
    SubjectId,
    SubjectStatus,
    Token,
    TokenId,
)
from governance.vault.cipher import new_key, zero
from governance.vault.keyring import Keyring
from governance.vault.wrap import seal_named

_MOVES_AT_ONCE = 256
_DECIDED = {SubjectStatus.FROZEN: What.FROZEN, SubjectStatus.ACTIVE: What.LIFTED}


@dataclass(frozen=True, slots=True)
class Move:
    """A person to another state."""

    id: SubjectId
    status: SubjectStatus
    event: LeafEvent


class Accounts:
    """See `api.AccountsApi` for what each call promises."""

    def __init__(self, database: Database, keys: Keyring, clock: Clock) -> None:
        self._database, self._keys, self._clock = database, keys, clock
        self._moves: GroupCommit[Move, Subject] = GroupCommit(database, self._move, _MOVES_AT_ONCE)

    async def close(self) -> None:
        await self._moves.close()

    async def create_account(self, new: NewAccount) -> Subject:
        try:
            return await self._create_account(new)
        except Conflict:
            known = await self.account_by_email(new.email_hash)
            # A hash is salted: the same one comes of the same call, which is repeated for want of an answer.
            if known is None or known.password_hash != new.password_hash:
                raise
            return known.subject

    async def _create_account(self, new: NewAccount) -> Subject:
        async with self._database.transaction() as conn:
            subject = await self._insert(conn, new.region)
            if not await accounts.insert(conn, subject.id, new, subject.created_at):
                raise Conflict("this e-mail address has an account already")
            await self._record(conn, LeafEvent.SUBJECT_CREATED, subject.id)
        return subject

    async def create_subject(self, region: str) -> Subject:
        async with self._database.transaction() as conn:
            subject = await self._insert(conn, region)
            await self._record(conn, LeafEvent.SUBJECT_CREATED, subject.id)
        return subject

    async def account_by_email(self, email_hash: bytes) -> Account | None:
        async with self._database.transaction() as conn:
            return await accounts.by_email(conn, email_hash)

    async def issue_token(self, new: NewToken) -> Token:
        async with self._database.transaction() as conn:
            await subjects.living(conn, new.subject)
            await accounts.insert_token(conn, TokenId.new(), new, self._clock())
            await self._record(conn, LeafEvent.TOKEN_ISSUED, new.subject)
            token = await accounts.token(conn, new.token_hash, self._clock())
        if token is None or token.subject.id != new.subject:
            raise Conflict("this token has expired or belongs to another person: make a new secret")
        return token

    async def token(self, token_hash: bytes) -> Token | None:
        async with self._database.transaction() as conn:
            return await accounts.token(conn, token_hash, self._clock())

    async def revoke_token(self, token_hash: bytes) -> None:
        async with self._database.transaction() as conn:
            owner = await accounts.delete_token(conn, token_hash)
            if owner is not None:
                await self._record(conn, LeafEvent.TOKEN_REVOKED, owner)

    async def subject(self, id: SubjectId) -> Subject:
        async with self._database.transaction() as conn:
            return await subjects.get(conn, id)

    async def restrict(self, id: SubjectId) -> Subject:
        return await self._moves.submit(Move(id.check(), SubjectStatus.FROZEN, LeafEvent.SUBJECT_FROZEN))

    async def lift(self, id: SubjectId) -> Subject:
        return await self._moves.submit(Move(id.check(), SubjectStatus.ACTIVE, LeafEvent.SUBJECT_LIFTED))

    async def _move(self, conn: Connection, moves: Sequence[Move]) -> Sequence[Subject | GovernanceError]:
        before = await subjects.lock_all(conn, {move.id for move in moves})
        now, after = self._clock(), dict(before)
        answers: list[Subject | GovernanceError] = []
        leaves: list[Leaf] = []
        for move in moves:
            subject = after.get(move.id)
            if subject is None:
                answers.append(NotFound())
            elif _gone(subject):
                answers.append(Gone())
            else:
                if subject.status is not move.status:
                    leaves.append(Leaf(event=move.event, at=now, subject=move.id))
                after[move.id] = replace(subject, status=move.status)
                answers.append(after[move.id])
        changed = [one for id, one in after.items() if one.status is not before[id].status]
        if changed:
            await subjects.set_states(conn, changed)
            await decisions.note(conn, [Decision(_DECIDED[one.status], one.id.uuid, now) for one in changed])
        done = [move for move, one in zip(moves, answers, strict=True) if isinstance(one, Subject)]
        lifted = {move.id for move in done if move.status is SubjectStatus.ACTIVE}
        if lifted:
            await rights.lift_restrictions(conn, lifted, now)
        if leaves:
            await record(conn, leaves)
        return answers

    async def _insert(self, conn: Connection, region: str) -> Subject:
        subject = Subject(SubjectId.new(), region, SubjectStatus.ACTIVE, self._clock())
        epoch = await epochs.active(conn)
        key = new_key()
        await subjects.insert(conn, subject, seal_named(await self._keys.secret(epoch), subject.id, key), epoch)
        zero(key)
        return subject

    async def _record(self, conn: Connection, event: LeafEvent, subject: SubjectId) -> None:
        await record(conn, [Leaf(event=event, at=self._clock(), subject=subject)])


def _gone(subject: Subject) -> bool:
    return subject.status in (SubjectStatus.ERASING, SubjectStatus.ERASED)
