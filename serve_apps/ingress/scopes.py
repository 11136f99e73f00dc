"""What a token may do, and what a role adds to it."""

from collections.abc import Mapping
from enum import StrEnum

from governance.model import Role


class Scope(StrEnum):
    """A session has all that its role permits, an API key those it was made with."""

    ACCOUNT = "account"
    PHOTOS = "photos"
    TRAININGS = "trainings"
    IMAGES = "images"
    ARTIFACTS = "artifacts"
    ERASURE = "erasure"
    TOKENS = "tokens"
    BILLING = "billing"
    EVENTS = "events"
    WEBHOOKS = "webhooks"
    SUPPORT = "support"
    OPS = "ops"
    ADMIN = "admin"
    DPO = "dpo"


STAFF: Mapping[Role, frozenset[Scope]] = {
    Role.CLIENT: frozenset(),
    Role.SUPPORT: frozenset({Scope.SUPPORT}),
    Role.ML_OPS: frozenset({Scope.OPS}),
    Role.CLUSTER_ADMIN: frozenset({Scope.OPS, Scope.ADMIN}),
    Role.DPO: frozenset({Scope.DPO}),
}
"""Need-to-know: none of these opens other people's photos, models or pictures."""

STAFF_SCOPES = frozenset[Scope]().union(*STAFF.values())
ALL_SCOPES = frozenset(Scope) - STAFF_SCOPES
"""Everything that clients do, each with their own."""

SPENDING = frozenset({Scope.PHOTOS, Scope.TRAININGS, Scope.IMAGES, Scope.BILLING})
"""What may need a confirmed address."""

REFRESH = "refresh"
"""The only scope of a refresh token; no route takes it but the one that exchanges it."""


def permitted(role: Role) -> frozenset[str]:
    """What somebody may do at most; a role that is taken away takes its scopes from every token at once."""
    return frozenset(str(scope) for scope in ALL_SCOPES | STAFF[role])
