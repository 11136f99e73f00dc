"""The lineage graph: artifacts, the runs that made them, and who is derived from whom.

    photo ──┐
            ├── run (training) ── adapter ──┐
    photo ──┘                               ├── run (generation) ── image
                                   prompt ──┘

An artifact derives from its parents; a run used its inputs and generated the artifacts that name it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from governance.errors import NotFound
from governance.ids import ArtifactId, RunId, SubjectId
from governance.model import Artifact, Kind, Run

Step = Callable[[ArtifactId], tuple[ArtifactId, ...]]


@dataclass(frozen=True)
class Lineage:
    """A part of the graph. Parents and runs outside of it are not shown."""

    artifacts: Mapping[ArtifactId, Artifact]
    runs: Mapping[RunId, Run]

    @classmethod
    def of(cls, artifacts: Iterable[Artifact], runs: Iterable[Run]) -> Lineage:
        """The graph of these artifacts and runs, oldest first."""
        ordered = sorted(artifacts, key=lambda a: (a.created_at, a.id))
        return cls({a.id: a for a in ordered}, {r.id: r for r in sorted(runs, key=lambda r: (r.started_at, r.id))})

    @cached_property
    def _children(self) -> dict[ArtifactId, tuple[ArtifactId, ...]]:
        found: dict[ArtifactId, list[ArtifactId]] = {id: [] for id in self.artifacts}
        for artifact in self.artifacts.values():
            for parent in self.parents(artifact.id):
                found[parent].append(artifact.id)
        return {id: tuple(children) for id, children in found.items()}

    def artifact(self, id: ArtifactId) -> Artifact:
        """One artifact; `NotFound` when it is not in this graph."""
        if id not in self.artifacts:
            raise NotFound()
        return self.artifacts[id]

    def parents(self, id: ArtifactId) -> tuple[ArtifactId, ...]:
        """What an artifact derives from directly."""
        return tuple(parent for parent in self.artifact(id).parents if parent in self.artifacts)

    def children(self, id: ArtifactId) -> tuple[ArtifactId, ...]:
        """What derives directly from an artifact."""
        self.artifact(id)
        return self._children[id]

    def inputs(self, run: RunId) -> tuple[ArtifactId, ...]:
        """What a run used."""
        return tuple(id for id in self.runs[run].inputs if id in self.artifacts)

    def outputs(self, run: RunId) -> tuple[ArtifactId, ...]:
        """What a run made."""
        return tuple(a.id for a in self.artifacts.values() if a.run == run)

    def made_from(self, id: ArtifactId, kind: Kind | None = Kind.PHOTO) -> tuple[Artifact, ...]:
        """Everything of one kind (or of any) that an artifact was made from, directly or not."""
        return self._chosen(self._reached(id, self.parents), kind)

    def came_of(self, id: ArtifactId, kind: Kind | None = None) -> tuple[Artifact, ...]:
        """Everything of one kind (or of any) that was made from an artifact, directly or not."""
        return self._chosen(self._reached(id, self.children), kind)

    def around(self, id: ArtifactId) -> Lineage:
        """The graph of one artifact, all it was made from and all that came of it."""
        kept = {id} | self._reached(id, self.parents) | self._reached(id, self.children)
        return self._only(lambda artifact: artifact.id in kept)

    def seen_by(self, viewer: SubjectId) -> Lineage:
        """What one person may see: artifacts of theirs; other people in them stay unnamed."""
        mine = self._only(lambda artifact: artifact.shows_to(viewer))
        hidden = {id: replace(a, subjects=(viewer,)) for id, a in mine.artifacts.items()}
        runs = {id: replace(r, subjects=(viewer,), inputs=mine.inputs(id)) for id, r in mine.runs.items()}
        shown = Lineage(hidden, runs)
        return Lineage({id: replace(a, parents=shown.parents(id)) for id, a in hidden.items()}, runs)

    def _only(self, keep: Callable[[Artifact], bool]) -> Lineage:
        artifacts = {id: a for id, a in self.artifacts.items() if keep(a)}
        made_by = {a.run for a in artifacts.values()}
        runs = {id: r for id, r in self.runs.items() if id in made_by or any(i in artifacts for i in r.inputs)}
        return Lineage(artifacts, runs)

    def _reached(self, start: ArtifactId, step: Step) -> set[ArtifactId]:
        found: set[ArtifactId] = set()
        waiting = list(step(start))
        while waiting:
            id = waiting.pop()
            if id not in found:
                found.add(id)
                waiting += step(id)
        return found

    def _chosen(self, ids: set[ArtifactId], kind: Kind | None) -> tuple[Artifact, ...]:
        return tuple(a for a in self.artifacts.values() if a.id in ids and kind in (None, a.kind))
