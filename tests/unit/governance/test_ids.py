"""Identifiers."""

import pickle
from uuid import uuid4

import pytest

from governance.errors import NotFound
from governance.ids import ArtifactId, Id, JobId, SubjectId, digits


def test_new_ones_sort_by_time_and_read_back() -> None:
    ids = [ArtifactId.new() for _ in range(100)]
    assert sorted(ids) == ids
    assert ArtifactId.of(ids[0].uuid) == ids[0]
    assert pickle.loads(pickle.dumps(ids[0])) == ids[0]


@pytest.mark.parametrize(
    "text", ["", "art_", "sub_" + "0" * 32, "art_" + "0" * 31, "art_" + "G" * 32, "art_" + "0" * 33]
)
def test_text_that_is_no_identifier_is_like_an_unknown_one(text: str) -> None:
    assert not ArtifactId(text).is_well_formed
    with pytest.raises(NotFound):
        ArtifactId(text).check()
    with pytest.raises(NotFound):
        _ = ArtifactId(text).uuid


def test_every_kind_has_a_prefix_of_its_own() -> None:
    prefixes = [kind.prefix for kind in Id.__subclasses__()]
    assert len(prefixes) == len(set(prefixes))
    assert all(len(prefix) == 3 for prefix in prefixes)


def test_the_bytes_of_a_person_lie_under_one_prefix() -> None:
    person, one = SubjectId.new(), ArtifactId.new()
    assert one.location(person) == f"{person.uuid.hex}/{one.uuid.hex}"
    assert digits([one, person]) == f"{{{one.uuid.hex},{person.uuid.hex}}}"
    assert JobId.of(uuid4()).startswith("job_")
