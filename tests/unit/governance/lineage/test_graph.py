import pytest

from governance.errors import NotFound
from governance.ids import ArtifactId
from governance.model import Kind


def ids(artifacts):
    return {a.id for a in artifacts}


def test_the_photos_a_picture_is_made_from(world):
    assert ids(world.lineage.made_from(world.images[0].id)) == ids(world.photos)
    assert ids(world.lineage.made_from(world.together.id)) == ids([*world.photos, world.theirs])
    assert world.lineage.made_from(world.photos[0].id) == ()


def test_everything_a_picture_is_made_from(world):
    everything = world.lineage.made_from(world.preview.id, None)
    assert ids(everything) == ids([*world.photos, world.adapter, world.prompt, world.images[0]])
    assert [a.created_at for a in everything] == sorted(a.created_at for a in everything)


def test_what_came_of_a_photo(world):
    assert ids(world.lineage.came_of(world.photos[3].id)) == ids(
        [world.adapter, *world.images, world.preview, world.together]
    )
    assert ids(world.lineage.came_of(world.photos[3].id, Kind.ADAPTER)) == {world.adapter.id}


def test_around_keeps_causes_and_effects_only(world):
    around = world.lineage.around(world.images[1].id)
    assert set(around.artifacts) == ids([*world.photos, world.adapter, world.prompt, world.images[1]])
    assert world.generation.id in around.runs
    assert around.outputs(world.generation.id) == (world.images[1].id,)


def test_runs_know_what_they_used_and_made(world):
    assert set(world.lineage.inputs(world.training.id)) == ids(world.photos)
    assert world.lineage.outputs(world.training.id) == (world.adapter.id,)
    assert world.lineage.outputs(world.failed.id) == ()


def test_a_person_sees_nobody_else(world):
    mine = world.lineage.seen_by(world.me)
    assert world.theirs.id not in mine.artifacts
    assert world.theirs.id not in mine.artifacts[world.together.id].parents
    assert all(a.subjects == (world.me,) for a in mine.artifacts.values())
    assert {s for r in mine.runs.values() for s in r.subjects} == {world.me}
    friend = world.lineage.seen_by(world.friend)
    assert set(friend.artifacts) == {world.theirs.id, world.together.id}
    assert friend.runs == {}


def test_parents_outside_of_the_graph_are_left_out(world):
    part = world.lineage.around(world.theirs.id)
    assert part.parents(world.together.id) == (world.theirs.id,)


def test_an_unknown_artifact_is_not_found(world):
    with pytest.raises(NotFound):
        world.lineage.made_from(ArtifactId.new())
    with pytest.raises(NotFound):
        world.lineage.came_of(ArtifactId.new())


def test_long_chains_are_no_trouble(story):
    last = story.artifact(Kind.PHOTO)
    first = last
    for _ in range(5000):
        last = story.artifact(Kind.IMAGE, parents=[last])
    assert len(story.lineage().came_of(first.id)) == 5000
