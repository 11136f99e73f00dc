import json
from datetime import datetime
from uuid import UUID

import pytest

from governance.lineage.openlineage import to_openlineage
from governance.model import Purpose, RunState


@pytest.fixture
def events(world):
    return json.loads(json.dumps(to_openlineage(world.lineage)))


def is_uri(text):
    return text.startswith("https://") and " " not in text


def check_facets(facets):
    for facet in facets.values():
        assert is_uri(facet["_producer"])
        assert is_uri(facet["_schemaURL"])


def test_every_event_has_what_the_specification_requires(events):
    for event in events:
        assert set(event) >= {"eventTime", "producer", "schemaURL", "run", "job"}
        assert event["eventType"] in {"START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"}
        assert datetime.fromisoformat(event["eventTime"]).tzinfo
        assert is_uri(event["producer"])
        assert event["schemaURL"] == "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
        UUID(event["run"]["runId"])
        check_facets(event["run"]["facets"])
        assert event["job"]["namespace"]
        assert event["job"]["name"]
        for dataset in (*event["inputs"], *event["outputs"]):
            assert set(dataset) >= {"namespace", "name"}
            check_facets(dataset["facets"])


def test_every_run_starts_once_and_ends_once(events, world):
    by_run = {}
    for event in events:
        by_run.setdefault(UUID(event["run"]["runId"]), []).append(event["eventType"])
    assert by_run == {
        world.training.id.uuid: ["START", "COMPLETE"],
        world.generation.id.uuid: ["START", "COMPLETE"],
        world.failed.id.uuid: ["START", "FAIL"],
    }


def test_events_stand_in_the_order_of_their_times(events):
    times = [event["eventTime"] for event in events]
    assert times == sorted(times)


def test_the_end_names_what_was_made(events, world):
    [end] = [e for e in events if e["eventType"] == "COMPLETE" and e["job"]["name"] == "training"]
    assert [d["name"] for d in end["outputs"]] == [world.adapter.id]
    assert {d["name"] for d in end["inputs"]} == {photo.id for photo in world.photos}
    assert datetime.fromisoformat(end["eventTime"]) == world.adapter.created_at


def test_a_run_that_goes_on_has_not_ended(story):
    story.run(Purpose.TRAINING, state=RunState.RUNNING)
    assert [event["eventType"] for event in to_openlineage(story.lineage())] == ["START"]
