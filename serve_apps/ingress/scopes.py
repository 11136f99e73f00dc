"""What a token may do."""

from enum import StrEnum


class Scope(StrEnum):
    """A session has all but the staff's, an API key those it was made with."""

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
    DPO = "dpo"


ALL_SCOPES = frozenset(Scope) - {Scope.DPO, Scope.SUPPORT}
