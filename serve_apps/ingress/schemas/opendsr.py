"""The bodies of OpenDSR 2.0, by which outside tools pass on what people ask for."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import Field

from governance.rights.model import RightState
from serve_apps.ingress.schemas.common import Answer, Body

API_VERSION: Literal["2.0"] = "2.0"


class DsrType(StrEnum):
    """What the protocol knows."""

    ACCESS = "access"
    PORTABILITY = "portability"
    ERASURE = "erasure"


class IdentityType(StrEnum):
    EMAIL = "email"
    CONTROLLER_CUSTOMER_ID = "controller_customer_id"


class Identity(Body):
    """An e-mail address, or an account's id."""

    identity_type: IdentityType
    identity_value: str = Field(min_length=1, max_length=320, repr=False)
    identity_format: Literal["raw"] = "raw"


class NewDsr(Body):
    """`status_callback_urls` stays empty: no callbacks are sent, the status is asked for."""

    regulation: Literal["gdpr"]
    subject_request_id: UUID
    subject_request_type: DsrType
    submitted_time: datetime
    subject_identities: list[Identity] = Field(min_length=1, max_length=1)
    api_version: Literal["2.0"] = API_VERSION
    status_callback_urls: list[str] = Field(default=[], max_length=0)


class DsrReceipt(Answer):
    """`encoded_request`: the request as it came, in Base64."""

    controller_id: str
    expected_completion_time: datetime
    received_time: datetime
    encoded_request: str
    subject_request_id: UUID


class DsrStatus(Answer):
    controller_id: str
    expected_completion_time: datetime
    subject_request_id: UUID
    request_status: Literal["pending", "in_progress", "completed", "cancelled"]
    api_version: str = API_VERSION
    results_url: str | None = None


class DsrCancellation(Answer):
    controller_id: str
    received_time: datetime
    subject_request_id: UUID
    api_version: str = API_VERSION


class SupportedIdentity(Answer):
    identity_type: IdentityType
    identity_format: Literal["raw"] = "raw"


class Discovery(Answer):
    api_version: str = API_VERSION
    supported_identities: list[SupportedIdentity]
    supported_subject_request_types: list[DsrType]
    processor_certificate: str


STATUS: dict[RightState, Literal["pending", "in_progress", "completed", "cancelled"]] = {
    RightState.RECEIVED: "pending",
    RightState.WORKING: "in_progress",
    RightState.ANSWERED: "completed",
    RightState.REFUSED: "completed",
    RightState.WITHDRAWN: "cancelled",
}
