"""The ZIP of an export, made in memory and never on a disk (I5): photos, pictures, adapters and attachments as files,
everything else in `data.json` with its schema beside it."""

import io
import json
import zipfile
from hashlib import sha256
from typing import Any

from pydantic import JsonValue

from governance.model import Artifact, Kind
from governance.policy import Policy
from governance.rights.model import Dossier
from serve_apps.ingress.schemas.export import (
    FORMAT,
    ExportDocument,
    ExportedArtifact,
    ExportedController,
    ExportedPerson,
    ExportedPurpose,
    ExportedRecipient,
    ExportedRun,
    ExportedTransfer,
    export_schema,
)

DATA, SCHEMA = "data.json", "schema/data.schema.json"
TEXTS = frozenset({Kind.PROFILE, Kind.CAPTION, Kind.PROMPT, Kind.REPORT, Kind.MESSAGE, Kind.WEBHOOK})
FOLDERS = {
    Kind.PHOTO: "photos", Kind.IMAGE: "images", Kind.PREVIEW: "previews", Kind.ADAPTER: "adapters", Kind.CROP: "crops",
    Kind.CHECKPOINT: "checkpoints", Kind.LATENT: "latents", Kind.ATTACHMENT: "attachments",
}  # fmt: skip
_STARTS = ((b"\x89PNG", "png"), (b"\xff\xd8\xff", "jpg"))


class Archive:
    """Files are added one by one as they are read; `finish` gives the whole."""

    def __init__(self, dossier: Dossier, policy: Policy) -> None:
        self._dossier, self._policy = dossier, policy
        self._buffer = io.BytesIO()
        self._zip = zipfile.ZipFile(self._buffer, "w", zipfile.ZIP_STORED)
        self._artifacts: list[ExportedArtifact] = []

    def add(self, artifact: Artifact, data: bytearray) -> None:
        """One artifact with its plaintext, which stays the caller's."""
        digest = sha256(data).hexdigest()
        if artifact.kind in TEXTS:
            self._artifacts.append(self._entry(artifact, content=_content(data), sha256=digest))
            return
        ending = "safetensors" if artifact.kind is Kind.ADAPTER else _ending(data)
        name = f"{FOLDERS[artifact.kind]}/{artifact.id}.{ending}"
        with self._zip.open(name, "w", force_zip64=True) as file:
            file.write(data)
        self._artifacts.append(self._entry(artifact, file=name, sha256=digest))

    def leave_out(self, artifact: Artifact, why: str) -> None:
        """It is named, without its bytes."""
        self._artifacts.append(self._entry(artifact, left_out=why))

    def finish(self) -> bytearray:
        """The archive; every other copy of it here is zeroed."""
        document = self._document().model_dump_json(indent=1)
        self._zip.writestr(DATA, document, zipfile.ZIP_DEFLATED)
        self._zip.writestr(SCHEMA, json.dumps(export_schema(self._dossier), indent=1), zipfile.ZIP_DEFLATED)
        self._zip.close()
        whole = bytearray(self._buffer.getbuffer())
        self.wipe()
        return whole

    def wipe(self) -> None:
        """Nothing is left of it, finished or given up."""
        # What is not closed here would write its end into the buffer when it is collected.
        self._zip.close()
        view = self._buffer.getbuffer()
        view[:] = bytes(len(view))

    def _entry(self, artifact: Artifact, **more: Any) -> ExportedArtifact:
        return ExportedArtifact(
            id=artifact.id,
            kind=artifact.kind,
            purpose=artifact.purpose,
            basis=self._policy.basis(artifact.purpose),
            parents=list(artifact.parents),
            run=artifact.run,
            created_at=artifact.created_at,
            deadline=artifact.deadline,
            **more,
        )

    def _document(self) -> ExportDocument:
        dossier, policy = self._dossier, self._policy
        subject, controller = dossier.subject, policy.controller
        return ExportDocument(
            format=FORMAT,
            made_at=dossier.taken_at,
            controller=ExportedController(name=controller.name, contact=controller.contact, address=controller.address),
            policy_version=policy.version,
            person=ExportedPerson(
                id=subject.id, region=subject.region, status=subject.status, created_at=subject.created_at
            ),
            artifacts=self._artifacts,
            runs=_runs(dossier),
            purposes=[
                ExportedPurpose(purpose=purpose, basis=rule.basis, kinds=sorted(rule.reads | rule.makes))
                for purpose, rule in policy.purposes.items()
            ],
            retention_days={kind: keep.days if keep else None for kind, keep in policy.retention.items()},
            recipients=_recipients(dossier),
            records={table: [dict(row) for row in rows] for table, rows in dossier.records.items()},
        )


def _runs(dossier: Dossier) -> list[ExportedRun]:
    return [
        ExportedRun(
            id=run.id,
            purpose=run.purpose,
            basis=run.basis,
            inputs=list(run.inputs),
            state=run.state,
            started_at=run.started_at,
        )
        for run in dossier.runs
    ]


def _recipients(dossier: Dossier) -> list[ExportedRecipient]:
    return [
        ExportedRecipient(
            name=one.name,
            region=one.region,
            purpose=one.purpose,
            fields=list(one.fields),
            transfers=[ExportedTransfer(fields=list(each.fields), sent_at=each.sent_at) for each in one.transfers],
        )
        for one in dossier.recipients
    ]


def _content(data: bytearray) -> JsonValue:
    """JSON as JSON, every other text as it is."""
    text = data.decode(errors="replace")
    try:
        content: JsonValue = json.loads(text)
    except ValueError:
        return text
    return content if isinstance(content, dict | list) else text


def _ending(data: bytearray) -> str:
    return next((ending for start, ending in _STARTS if data.startswith(start)), "bin")
