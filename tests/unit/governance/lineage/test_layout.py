from hypothesis import given
from hypothesis import strategies as st

from governance.lineage.graph import Lineage
from governance.lineage.layout import BOX_HEIGHT, BOX_WIDTH, plan
from governance.model import Kind, Purpose


def overlap(a, b):
    return abs(a.x - b.x) < BOX_WIDTH and abs(a.y - b.y) < BOX_HEIGHT


def check(drawn):
    boxes = list(drawn.boxes.values())
    for i, box in enumerate(boxes):
        assert 0 <= box.x <= drawn.width - BOX_WIDTH
        assert 0 <= box.y <= drawn.height - BOX_HEIGHT
        assert not any(overlap(box, other) for other in boxes[:i])
    for cause, effect in drawn.arrows:
        assert drawn.boxes[cause].x + BOX_WIDTH < drawn.boxes[effect].x


def test_causes_stand_left_of_effects_and_boxes_apart(world):
    check(plan(world.lineage))


def test_alike_artifacts_share_a_box(world):
    drawn = plan(world.lineage.around(world.adapter.id))
    titles = {box.title for box in drawn.boxes.values()}
    assert {"2 photos", "6 photos", "3 images"} <= titles
    assert world.adapter.id in drawn.boxes


def test_the_focus_has_a_box_and_a_tone_of_its_own(world):
    drawn = plan(world.lineage, focus=world.photos[4].id)
    assert drawn.boxes[world.photos[4].id].tone == "focus"
    assert "5 photos" in {box.title for box in drawn.boxes.values()}


def test_what_a_run_used_is_shown_through_the_run(world):
    drawn = plan(world.lineage, focus=world.adapter.id)
    assert (world.training.id, world.adapter.id) in drawn.arrows
    assert not any(effect == world.adapter.id and cause.startswith("art_") for cause, effect in drawn.arrows)


def test_an_empty_graph_is_an_empty_drawing():
    drawn = plan(Lineage.of([], []))
    assert drawn.boxes == {}
    assert drawn.width > 0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=14))
def test_any_graph_without_circles_is_laid_out(new_story, choices):
    story = new_story()
    made = [story.artifact(Kind.PHOTO)]
    for first, second, by_run in choices:
        parents = [made[first % len(made)], made[second % len(made)]]
        run = story.run(Purpose.GENERATION, inputs=parents[:1]) if by_run else None
        made.append(story.artifact(Kind.IMAGE, parents=parents, run=run))
    check(plan(story.lineage(), focus=made[-1].id))
