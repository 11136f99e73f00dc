from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from governance.ids import ArtifactId, RunId, SubjectId
from governance.lineage.graph import Lineage
from governance.model import Artifact, ArtifactState, Kind, LegalBasis, Purpose, Run, RunState

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Story:
    """Builds a graph minute by minute."""

    def __init__(self):
        self.minute = 0
        self.artifacts, self.runs = [], []

    def now(self):
        self.minute += 1
        return START + timedelta(minutes=self.minute)

    def artifact(self, kind, *subjects, parents=(), run=None):
        made = Artifact(
            id=ArtifactId.new(),
            kind=kind,
            subjects=subjects,
            parents=tuple(p.id for p in parents),
            purpose=Purpose.TRAINING,
            run=run.id if run else None,
            state=ArtifactState.LIVE,
            location="opaque",
            size=100,
            created_at=self.now(),
            deadline=START + timedelta(days=30),
        )
        self.artifacts.append(made)
        return made

    def run(self, purpose, *subjects, inputs=(), state=RunState.SUCCEEDED):
        made = Run(
            id=RunId.new(),
            purpose=purpose,
            basis=LegalBasis.CONTRACT,
            subjects=subjects,
            inputs=tuple(i.id for i in inputs),
            state=state,
            started_at=self.now(),
        )
        self.runs.append(made)
        return made

    def lineage(self):
        return Lineage.of(self.artifacts[::-1], self.runs[::-1])


@pytest.fixture
def story():
    return Story()


@pytest.fixture
def world(story):
    """One person's photos, adapter, prompt and pictures; a picture shared with a friend; a stranger's photo."""
    me, friend = SubjectId.new(), SubjectId.new()
    photos = [story.artifact(Kind.PHOTO, me) for _ in range(8)]
    training = story.run(Purpose.TRAINING, me, inputs=photos)
    adapter = story.artifact(Kind.ADAPTER, me, parents=photos, run=training)
    prompt = story.artifact(Kind.PROMPT, me)
    generation = story.run(Purpose.GENERATION, me, inputs=[adapter, prompt])
    images = [story.artifact(Kind.IMAGE, me, parents=[adapter, prompt], run=generation) for _ in range(4)]
    preview = story.artifact(Kind.PREVIEW, me, parents=[images[0]])
    theirs = story.artifact(Kind.PHOTO, friend)
    together = story.artifact(Kind.IMAGE, me, friend, parents=[images[0], theirs])
    failed = story.run(Purpose.TRAINING, me, inputs=photos[:2], state=RunState.FAILED)
    return SimpleNamespace(**{k: v for k, v in locals().items() if k != "story"}, lineage=story.lineage())


@pytest.fixture(scope="session")
def new_story():
    return Story
