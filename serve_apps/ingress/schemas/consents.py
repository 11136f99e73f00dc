"""Consents and newsletters."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from governance.people.model import Consent, ConsentPurpose
from serve_apps.ingress.schemas.common import Answer, Body

# What stands in an e-mail's header: no control character and nothing that ends a line there, and not blank.
_INVISIBLE = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_ONE_LINE = rf"^[^{_INVISIBLE}]*[^\s{_INVISIBLE}][^{_INVISIBLE}]*$"
Line = Annotated[str, StringConstraints(min_length=1, max_length=150, pattern=_ONE_LINE)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]


class NewConsent(Body):
    """What somebody says yes to."""

    purpose: ConsentPurpose


class ConsentAnswer(Answer):
    """One consent; live until `withdrawn_at`."""

    object: str = "consent"
    id: str = Field(examples=["con_01a20baf9dd6707993b5dc044a7a3ac2"])
    purpose: ConsentPurpose
    policy_version: str = Field(examples=["2025-12-04"])
    given_at: datetime = Field(examples=["2026-01-31T12:00:00Z"])
    withdrawn_at: datetime | None = Field(examples=["2026-02-07T12:00:00Z"])
    receipt: str = Field(examples=["/v1/consents/con_01a20baf9dd6707993b5dc044a7a3ac2/receipt"])


def consent_answer(one: Consent) -> ConsentAnswer:
    return ConsentAnswer(
        id=one.id,
        purpose=one.purpose,
        policy_version=one.policy_version,
        given_at=one.given_at,
        withdrawn_at=one.withdrawn_at,
        receipt=f"/v1/consents/{one.id}/receipt",
    )


class Newsletter(Body):
    """For everybody who consents to marketing, in their language. The same `name` reaches nobody twice."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] = Field(examples=["summer-2026"])
    subject_da: Line = Field(examples=["Sommer"])
    text_da: Text = Field(examples=["Nye stilarter er her."])
    subject_en: Line = Field(examples=["Summer"])
    text_en: Text = Field(examples=["New styles are here."])


class NewsletterAnswer(Answer):
    """`queued`: how many people get it."""

    object: str = "newsletter"
    name: str = Field(examples=["summer-2026"])
    queued: int = Field(examples=[12])
