"""`data.json` of an export: everything that is held of a person and is not a file of its own."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, JsonValue

from governance.rights.model import Dossier

FORMAT = "pixreunion-export/1"

_JSON_TYPES = {"integer": "integer", "bigint": "integer", "double precision": "number", "boolean": "boolean"}


class _Part(BaseModel):
    model_config = ConfigDict(cache_strings="none", frozen=True, extra="forbid")


class ExportedPerson(_Part):
    id: str
    region: str
    status: str
    created_at: datetime


class ExportedArtifact(_Part):
    """`file`: where its bytes are in the archive; `content`: what it says, of texts. `left_out`: why there is neither:
    an earlier archive, or something that a legal duty alone keeps."""

    id: str
    kind: str
    purpose: str
    basis: str
    parents: list[str]
    run: str | None
    created_at: datetime
    deadline: datetime | None
    file: str | None = None
    sha256: str | None = None
    content: JsonValue = None
    left_out: str | None = None


class ExportedRun(_Part):
    id: str
    purpose: str
    basis: str
    inputs: list[str]
    state: str
    started_at: datetime


class ExportedPurpose(_Part):
    purpose: str
    basis: str
    kinds: list[str]


class ExportedTransfer(_Part):
    fields: list[str]
    sent_at: datetime


class ExportedRecipient(_Part):
    name: str
    region: str
    purpose: str
    fields: list[str]
    transfers: list[ExportedTransfer]


class ExportedController(_Part):
    name: str
    contact: str
    address: str


class ExportDocument(_Part):
    """`records`: the rows of every further table that names the person."""

    format: str
    made_at: datetime
    controller: ExportedController
    policy_version: str
    person: ExportedPerson
    artifacts: list[ExportedArtifact]
    runs: list[ExportedRun]
    purposes: list[ExportedPurpose]
    retention_days: dict[str, int | None]
    recipients: list[ExportedRecipient]
    records: dict[str, list[dict[str, JsonValue]]]


def export_schema(dossier: Dossier) -> dict[str, Any]:
    """The JSON Schema (2020-12) of this very document, with the columns of every table among its records."""
    schema = ExportDocument.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"]["records"] = {
        "type": "object",
        "properties": {table: {"type": "array", "items": _row(columns)} for table, columns in dossier.columns.items()},
        "required": sorted(dossier.columns),
        "additionalProperties": False,
    }
    return schema


def _row(columns: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: _column(kind) for name, kind in columns.items()},
        "required": sorted(columns),
        "additionalProperties": False,
    }


def _column(kind: str) -> dict[str, Any]:
    if kind in ("json", "jsonb"):
        return {}
    if kind == "ARRAY":
        return {"type": ["array", "null"]}
    if kind.startswith("timestamp"):
        return {"type": ["string", "null"], "format": "date-time"}
    return {"type": [_JSON_TYPES.get(kind, "string"), "null"]}
