"""The graph as PROV-JSON (W3C submission of 24 April 2013): Artifact is Entity, Run Activity, Subject Agent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from governance.lineage.graph import Lineage
from governance.model import Artifact, Run

NAMESPACE = "urn:pixreunion:"
_Records = dict[str, dict[str, Any]]


def to_prov(lineage: Lineage) -> dict[str, Any]:
    """A PROV-JSON document; relations between things outside of the graph are left out."""
    artifacts, runs = list(lineage.artifacts.values()), list(lineage.runs.values())
    subjects = sorted({s for a in artifacts for s in a.subjects} | {s for r in runs for s in r.subjects})
    return {
        "prefix": {"px": NAMESPACE},
        "entity": {_name(a.id): _entity(a) for a in artifacts},
        "activity": {_name(r.id): _activity(r) for r in runs},
        "agent": {_name(s): {"prov:type": _qualified("prov:Person")} for s in subjects},
        "wasDerivedFrom": _numbered("d", _derivations(lineage)),
        "wasGeneratedBy": _numbered("g", _generations(lineage)),
        "used": _numbered("u", _uses(lineage)),
        "wasAttributedTo": _numbered(
            "t", ({"prov:entity": _name(a.id), "prov:agent": _name(s)} for a in artifacts for s in a.subjects)
        ),
        "wasAssociatedWith": _numbered(
            "s", ({"prov:activity": _name(r.id), "prov:agent": _name(s)} for r in runs for s in r.subjects)
        ),
    }


def _entity(artifact: Artifact) -> dict[str, Any]:
    return {
        "prov:type": _qualified(f"px:{artifact.kind}"),
        "px:state": artifact.state.value,
        "px:purpose": artifact.purpose.value,
        "px:created": _time(artifact.created_at.isoformat()),
        **({"px:deadline": _time(artifact.deadline.isoformat())} if artifact.deadline else {}),
    }


def _activity(run: Run) -> dict[str, Any]:
    return {
        "prov:startTime": run.started_at.isoformat(),
        "prov:type": _qualified(f"px:{run.purpose}"),
        "px:legalBasis": run.basis.value,
        "px:state": run.state.value,
    }


def _derivations(lineage: Lineage) -> Iterable[dict[str, Any]]:
    for artifact in lineage.artifacts.values():
        for parent in lineage.parents(artifact.id):
            yield {"prov:generatedEntity": _name(artifact.id), "prov:usedEntity": _name(parent)}


def _generations(lineage: Lineage) -> Iterable[dict[str, Any]]:
    for artifact in lineage.artifacts.values():
        if artifact.run is not None and artifact.run in lineage.runs:
            yield {
                "prov:entity": _name(artifact.id),
                "prov:activity": _name(artifact.run),
                "prov:time": artifact.created_at.isoformat(),
            }


def _uses(lineage: Lineage) -> Iterable[dict[str, Any]]:
    for run in lineage.runs.values():
        for used in lineage.inputs(run.id):
            yield {"prov:activity": _name(run.id), "prov:entity": _name(used)}


def _numbered(letter: str, records: Iterable[dict[str, Any]]) -> _Records:
    return {f"_:{letter}{number}": record for number, record in enumerate(records, 1)}


def _name(id: str) -> str:
    return f"px:{id}"


def _qualified(name: str) -> dict[str, str]:
    return {"$": name, "type": "prov:QUALIFIED_NAME"}


def _time(text: str) -> dict[str, str]:
    return {"$": text, "type": "xsd:dateTime"}
