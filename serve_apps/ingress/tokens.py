"""Bearer tokens: made, stored by their hash alone, and the same again for a repeated request."""

from dataclasses import dataclass
from datetime import datetime

from governance.errors import Conflict
from governance.model import NewToken, SubjectId
from serve_apps.ingress.idempotency import Once, recalled, settle
from serve_apps.ingress.secrets import NewSecretToken, new_token
from serve_apps.ingress.services import Services


@dataclass(frozen=True, slots=True)
class Issued:
    """A token as its owner gets it, this one time."""

    text: str
    scopes: frozenset[str]
    expires_at: datetime


async def issue(
    parts: Services, owner: SubjectId, scopes: frozenset[str], expires_at: datetime, this: Once | None
) -> Issued:
    """A token with these scopes. `Conflict` when `this` was used for another request, or its token was revoked."""
    secret = _secret(parts, this)
    if await recalled(parts, this) is not None and await parts.governance.token(secret.hash) is None:
        raise Conflict("the token of this Idempotency-Key was revoked or has expired; take a new key")
    token = await parts.governance.issue_token(NewToken(owner, secret.hash, scopes, expires_at))
    await settle(parts, this, token.id, _keep)
    return Issued(secret.text, token.scopes, token.expires_at)


def _secret(parts: Services, this: Once | None) -> NewSecretToken:
    """Two requests with one key must make one token, though its text is kept nowhere: it follows from the key."""
    if this is None:
        return new_token()
    return parts.secrets.repeatable_token(this.owner.encode(), this.key.encode())


async def _keep(_: str) -> None:
    """The key made one token, whichever request was first."""
