"""Bearer tokens: made, stored by their hash alone, and the same again for a repeated request."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from governance.errors import Conflict, Gone
from governance.model import NewToken, Role, SubjectId, Token, TokenId
from serve_apps.ingress.auth import DEAD
from serve_apps.ingress.errors import Unauthorized
from serve_apps.ingress.idempotency import Once, once, recalled, settle
from serve_apps.ingress.scopes import REFRESH, permitted
from serve_apps.ingress.secrets import NewSecretToken, new_token, token_hash
from serve_apps.ingress.services import Services


@dataclass(frozen=True, slots=True)
class Issued:
    """A token as its owner gets it, this one time; a session comes with the token that lets it go on."""

    id: TokenId
    text: str = field(repr=False)
    scopes: frozenset[str]
    expires_at: datetime
    refresh: str | None = field(default=None, repr=False)
    refresh_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Pair:
    """The two tokens of a session with their secrets."""

    access: NewSecretToken
    refresh: NewSecretToken
    new: tuple[NewToken, NewToken]

    def issued(self, token: Token) -> Issued:
        ends = token.expires_at + (self.new[1].expires_at - self.new[0].expires_at)
        return Issued(token.id, self.access.text, token.scopes, token.expires_at, self.refresh.text, ends)


async def issue(
    parts: Services, owner: SubjectId, scopes: frozenset[str], expires_at: datetime, this: Once | None
) -> Issued:
    """A token with these scopes. `Conflict` when `this` was used for another request, or its token was revoked."""
    secret = _secret(parts, this)
    await _refuse_what_is_over(parts, this, secret)
    token = await parts.governance.issue_token(NewToken(owner, secret.hash, scopes, expires_at))
    await settle(parts, this, token.id, _keep)
    return Issued(token.id, secret.text, token.scopes, token.expires_at)


async def open_session(parts: Services, owner: SubjectId, role: Role, this: Once | None) -> Issued:
    """Two tokens that end together: one for everything the role permits, one to go on when that is over. `Conflict`
    like `issue`."""
    name = _secret(parts, this, b"session").hash
    pair = _pair(parts, owner, role, UUID(bytes=name[:16]) if this else uuid4(), this)
    await _refuse_what_is_over(parts, this, pair.access)
    token = await parts.governance.issue_token(pair.new[0])
    await parts.governance.issue_token(pair.new[1])
    await settle(parts, this, token.id, _keep)
    return pair.issued(token)


async def go_on(parts: Services, refresh: str, key: str | None) -> Issued:
    """A new pair for a refresh token, which is good once. `Unauthorized`, `Gone`."""
    hash_ = token_hash(refresh)
    old = await parts.governance.token(hash_)
    if old is None or old.session is None or REFRESH not in old.scopes:
        raise Unauthorized("this refresh token is unknown or over; sign in at POST /v1/sessions")
    if old.subject.status in DEAD:
        raise Gone("this account was erased; nothing of it is left")
    this = once(parts, old.subject.id, key, "/v1/sessions/refresh", hash_)
    pair = _pair(parts, old.subject.id, old.role, old.session, this, hash_)
    exchanged = await parts.governance.refresh_session(hash_, pair.new)
    token = await parts.governance.token(pair.access.hash)
    if not exchanged or token is None:
        raise Unauthorized("this refresh token was used before: its session has ended, sign in at POST /v1/sessions")
    return pair.issued(token)


def _pair(
    parts: Services, owner: SubjectId, role: Role, session: UUID, this: Once | None, before: bytes = b""
) -> _Pair:
    settings, now = parts.settings.accounts, parts.now()
    access = _secret(parts, this, *([before] if before else []))
    refresh = _secret(parts, this, b"refresh", before)
    new = (
        NewToken(owner, access.hash, permitted(role), now + settings.session_lifetime, session),
        NewToken(owner, refresh.hash, frozenset({REFRESH}), now + settings.refresh_lifetime, session),
    )
    return _Pair(access, refresh, new)


async def _refuse_what_is_over(parts: Services, this: Once | None, secret: NewSecretToken) -> None:
    if await recalled(parts, this) is not None and await parts.governance.token(secret.hash) is None:
        raise Conflict("the token of this Idempotency-Key was revoked or has expired; take a new key")


def _secret(parts: Services, this: Once | None, *more: bytes) -> NewSecretToken:
    """Two requests with one key must make one token, though its text is kept nowhere: it follows from the key."""
    if this is None:
        return new_token()
    return parts.secrets.repeatable_token(this.owner.encode(), this.key.encode(), *more)


async def _keep(_: str) -> None:
    """The key made one token, whichever request was first."""
