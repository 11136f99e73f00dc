"""The privacy policy's own data (P1.1)."""

from datetime import date

from pydantic import Field

from serve_apps.ingress.schemas.common import Answer


class ControllerAnswer(Answer):
    name: str
    contact: str
    address: str


class PolicyAnswer(Answer):
    """`sha256` is of the policy's text as data; `retention_days` null: as long as the account."""

    version: str
    effective: date
    controller: ControllerAnswer
    sha256: str = Field(min_length=64, max_length=64)
    retention_days: dict[str, int | None]
    purposes: dict[str, str] = Field(description="Each purpose with its legal basis.")
