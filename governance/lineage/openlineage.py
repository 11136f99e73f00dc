"""The graph as OpenLineage run events (core specification 2-0-2): one START and one ending event per finished run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from governance.ids import ArtifactId
from governance.lineage.graph import Lineage
from governance.model import Run, RunState

PRODUCER = "https://pixreunion.example/governance"
SCHEMA_URL = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
NAMESPACE = "pixreunion"
_RUN_FACET = f"{PRODUCER}/LegalBasisRunFacet.json"
_DATASET_FACET = f"{PRODUCER}/ArtifactDatasetFacet.json"

_ENDINGS = {
    RunState.SUCCEEDED: "COMPLETE",
    RunState.FAILED: "FAIL",
    RunState.CANCELED: "ABORT",
}


def to_openlineage(lineage: Lineage) -> list[dict[str, Any]]:
    """Events in the order of their times. A run's end is dated by the last artifact that it made."""
    events = [event for run in lineage.runs.values() for event in _events(lineage, run)]
    return sorted(events, key=lambda event: str(event["eventTime"]))


def _events(lineage: Lineage, run: Run) -> Iterator[dict[str, Any]]:
    yield _event(lineage, run, "START", run.started_at, ())
    if run.state in _ENDINGS:
        made = lineage.outputs(run.id)
        ended = max((lineage.artifact(id).created_at for id in made), default=run.started_at)
        yield _event(lineage, run, _ENDINGS[run.state], max(ended, run.started_at), made)


def _event(lineage: Lineage, run: Run, kind: str, at: datetime, outputs: tuple[ArtifactId, ...]) -> dict[str, Any]:
    return {
        "eventType": kind,
        "eventTime": at.isoformat(timespec="microseconds"),
        "producer": PRODUCER,
        "schemaURL": SCHEMA_URL,
        "run": {"runId": str(run.id.uuid), "facets": {"pixreunion_legalBasis": _legal_basis(run)}},
        "job": {"namespace": NAMESPACE, "name": run.purpose.value, "facets": {}},
        "inputs": [_dataset(lineage, id) for id in lineage.inputs(run.id)],
        "outputs": [_dataset(lineage, id) for id in outputs],
    }


def _legal_basis(run: Run) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": _RUN_FACET, "basis": run.basis.value, "subjects": list(run.subjects)}


def _dataset(lineage: Lineage, id: ArtifactId) -> dict[str, Any]:
    artifact = lineage.artifact(id)
    facet = {
        "_producer": PRODUCER,
        "_schemaURL": _DATASET_FACET,
        "kind": artifact.kind.value,
        "state": artifact.state.value,
        "deadline": artifact.deadline.isoformat() if artifact.deadline else None,
    }
    return {"namespace": NAMESPACE, "name": id, "facets": {"pixreunion_artifact": facet}}
