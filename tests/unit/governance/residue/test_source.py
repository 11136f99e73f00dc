from governance.residue.report import Place
from governance.residue.source import from_bytes, object_versions


def test_bytes_are_one_chunk():
    source = from_bytes(Place.LOGS, "a log", b"content")
    assert list(source.read()) == [(0, b"content")]
    assert list(source.read()) == [(0, b"content")]
    assert "content" not in repr(source)


def test_each_version_of_an_object_is_a_source():
    sources = list(object_versions([("key?1", b"one"), ("key?2", b"two")]))
    assert [(s.place, s.name, list(s.read())) for s in sources] == [
        (Place.OBJECT_VERSIONS, "key?1", [(0, b"one")]),
        (Place.OBJECT_VERSIONS, "key?2", [(0, b"two")]),
    ]
