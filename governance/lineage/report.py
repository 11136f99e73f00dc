"""The answer to "what is this made from, and what came of it?" as plain JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from governance.ids import ArtifactId
from governance.lineage.graph import Lineage
from governance.model import Artifact, Kind, Run


def lineage_report(lineage: Lineage, focus: ArtifactId) -> dict[str, Any]:
    """The focus, the photos it was made from, all else it was made from, what came of it, and the runs between.

    Raises:
        NotFound: the focus is not in the graph.
    """
    around = lineage.around(focus)
    return {
        "artifact": _artifact(lineage.artifact(focus)),
        "photos": [photo.id for photo in lineage.made_from(focus, Kind.PHOTO)],
        "made_from": [_artifact(one) for one in lineage.made_from(focus, None)],
        "came_of": [_artifact(one) for one in lineage.came_of(focus)],
        "runs": [_run(around, run) for run in around.runs.values()],
    }


def _artifact(one: Artifact) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "state": one.state.value,
        "purpose": one.purpose.value,
        "created_at": _time(one.created_at),
        "deadline": _time(one.deadline) if one.deadline else None,
        "size": one.size,
        "parents": list(one.parents),
        "run": one.run,
    }


def _run(lineage: Lineage, run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "purpose": run.purpose.value,
        "basis": run.basis.value,
        "state": run.state.value,
        "started_at": _time(run.started_at),
        "used": list(lineage.inputs(run.id)),
        "made": list(lineage.outputs(run.id)),
    }


def _time(at: datetime) -> str:
    return at.isoformat()
