import json
import re
from datetime import datetime

import pytest

from governance.lineage.prov import to_prov

# What PROV-JSON asks of each relation: the names of its two ends, and which records they stand in.
RELATIONS = {
    "wasDerivedFrom": {"prov:generatedEntity": "entity", "prov:usedEntity": "entity"},
    "wasGeneratedBy": {"prov:entity": "entity", "prov:activity": "activity"},
    "used": {"prov:activity": "activity", "prov:entity": "entity"},
    "wasAttributedTo": {"prov:entity": "entity", "prov:agent": "agent"},
    "wasAssociatedWith": {"prov:activity": "activity", "prov:agent": "agent"},
}


@pytest.fixture
def document(world):
    return json.loads(json.dumps(to_prov(world.lineage)))


def test_every_record_has_a_qualified_name_with_a_declared_prefix(document):
    for kind in ("entity", "activity", "agent"):
        assert document[kind]
        for name, attributes in document[kind].items():
            assert re.fullmatch(r"px:[a-z]{3}_[0-9a-f]{32}", name)
            assert all(key.startswith(("prov:", "px:")) for key in attributes)
    assert set(document["prefix"]) == {"px"}


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_relation_joins_records_that_exist(document, relation):
    assert document[relation]
    for name, record in document[relation].items():
        assert name.startswith("_:")
        for end, kind in RELATIONS[relation].items():
            assert record[end] in document[kind]


def test_it_says_what_was_made_from_what(document, world):
    pairs = {(r["prov:generatedEntity"], r["prov:usedEntity"]) for r in document["wasDerivedFrom"].values()}
    assert (f"px:{world.images[0].id}", f"px:{world.adapter.id}") in pairs
    assert (f"px:{world.adapter.id}", f"px:{world.photos[7].id}") in pairs
    assert len(document["used"]) == 8 + 2 + 2


def test_times_are_dated_with_their_zone(document):
    for activity in document["activity"].values():
        assert datetime.fromisoformat(activity["prov:startTime"]).tzinfo
    for made in document["wasGeneratedBy"].values():
        assert datetime.fromisoformat(made["prov:time"]).tzinfo


def test_typed_values_say_their_type(document):
    for record in document["entity"].values():
        assert record["prov:type"]["type"] == "prov:QUALIFIED_NAME"
        assert record["px:created"]["type"] == "xsd:dateTime"


def test_relations_out_of_the_graph_are_left_out(world):
    part = to_prov(world.lineage.around(world.theirs.id))
    assert len(part["wasDerivedFrom"]) == 1
    assert part["wasGeneratedBy"] == {}
