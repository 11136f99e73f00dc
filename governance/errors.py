"""What can go wrong at the gate.

GovernanceError
├── NotFound            no such thing, or not yours
├── Gone                it was erased or has expired
├── Refused             purpose, legal basis or region do not allow it
│   ├── Frozen          the person restricted processing
│   └── Objected        the person objected to this purpose
├── Unpaid              there are not enough credits for it
├── Fenced              an ancestor or a subject is no longer live
├── Conflict            contradicts what is already recorded
├── LeaseLost           the holder's lease ended: drop everything, open a new one
├── Tampered            ciphertext was changed, truncated or swapped
├── KeyUnavailable      the key is destroyed or cannot be reached
└── Unavailable         governance, PostgreSQL or S3 cannot answer now; retry later

Messages name ids and rules, never contents, so that they may be logged. Every error survives pickling.
"""

from typing import ClassVar


class GovernanceError(Exception):
    """Governance refused or could not do what was asked."""

    code: ClassVar[str] = "governance_error"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)

    def __str__(self) -> str:
        return str(self.args[0])


class NotFound(GovernanceError):
    """There is nothing with this id that you may see."""

    code = "not_found"


class Gone(GovernanceError):
    """This was erased or has expired; it cannot come back."""

    code = "gone"


class Refused(GovernanceError):
    """This purpose is not one the data was collected for."""

    code = "refused"


class Frozen(Refused):
    """Processing is restricted for this person; lift the restriction first."""

    code = "frozen"


class Unpaid(GovernanceError):
    """There are not enough credits for this; buy a pack at POST /v1/orders."""

    code = "not_enough_credits"


class Objected(Refused):
    """The person objected to this purpose; take the objection back first."""

    code = "objected"


class Fenced(GovernanceError):
    """Something this depends on is being erased; start again without it."""

    code = "fenced"


class Conflict(GovernanceError):
    """This contradicts what is already recorded."""

    code = "conflict"


class LeaseLost(GovernanceError):
    """The lease has ended; drop all plaintext and open a new holder."""

    code = "lease_lost"


class Tampered(GovernanceError):
    """The stored ciphertext does not match its record; it is not served."""

    code = "tampered"


class KeyUnavailable(GovernanceError):
    """The key is destroyed or its provider cannot be reached."""

    code = "key_unavailable"


class Unavailable(GovernanceError):
    """Governance cannot answer now; try again after `retry_after_s` seconds."""

    code = "unavailable"

    def __init__(self, message: str | None = None, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[type["Unavailable"], tuple[str, float]]:
        return type(self), (str(self), self.retry_after_s)
