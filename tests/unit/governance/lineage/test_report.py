import json

import pytest

from governance.errors import NotFound
from governance.ids import ArtifactId
from governance.lineage.report import lineage_report


def test_it_answers_both_questions(world):
    report = lineage_report(world.lineage, world.images[0].id)
    assert report["artifact"]["id"] == world.images[0].id
    assert report["photos"] == [photo.id for photo in world.photos]
    assert {one["kind"] for one in report["made_from"]} == {"photo", "adapter", "prompt"}
    assert {one["id"] for one in report["came_of"]} == {world.preview.id, world.together.id}
    runs = {run["id"]: run for run in report["runs"]}
    assert runs[world.training.id]["used"] == [photo.id for photo in world.photos]
    assert runs[world.training.id]["basis"] == "contract"


def test_it_is_json_of_ids_words_and_times(world):
    text = json.dumps(lineage_report(world.lineage, world.adapter.id))
    assert json.loads(text)["artifact"]["deadline"].startswith("2026-03-31T")
    assert "location" not in text


def test_an_unknown_focus_is_not_found(world):
    with pytest.raises(NotFound):
        lineage_report(world.lineage, ArtifactId.new())
