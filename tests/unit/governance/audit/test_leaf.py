import json
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.audit.errors import LeafRefused
from governance.audit.leaf import Leaf, LeafEvent, canonical_json, format_time, parse_time
from governance.audit.merkle import hash_leaf
from governance.ids import ArtifactId, RequestId, SubjectId
from governance.model import Kind, Purpose

AT = datetime(2026, 1, 31, 12, 0, 0, 987654, tzinfo=UTC)


DIGITS = st.text("0123456789abcdef", min_size=32, max_size=32)
WORDS = st.from_regex(r"[a-z][a-z0-9]{0,5}([._-][a-z0-9]{1,5}){0,2}", fullmatch=True)
FIELDS = {
    role: st.none() | DIGITS.map(f"{prefix}_{{}}".format)
    for role, prefix in {
        "subject": "sub", "artifact": "art", "run": "run", "job": "job", "holder": "hol", "lease": "lea",
        "request": "req", "hold": "hld", "token": "tok",
    }.items()
}  # fmt: skip


class Sneaky(StrEnum):
    NAME = "Ada Lovelace"


def leaf(**more):
    return Leaf(**{"event": LeafEvent.ARTIFACT_LIVE, "at": AT, **more})


def test_the_encoding_is_canonical_and_hashed_as_a_leaf():
    subject, artifact = "sub_" + "0" * 32, "art_" + "f" * 32
    entry = leaf(subject=subject, artifact=artifact, words={"kind": Kind.PHOTO}, counts={"bytes": 7})
    text = (
        b'{"artifact":"art_ffffffffffffffffffffffffffffffff","at":"2026-01-31T12:00:00.987Z","counts":{"bytes":7},'
        b'"event":"artifact.live","subject":"sub_00000000000000000000000000000000","v":1,"words":{"kind":"photo"}}'
    )
    assert entry.encode() == text
    assert entry.hash == hash_leaf(text)


@given(
    st.sampled_from(LeafEvent),
    st.fixed_dictionaries(FIELDS),
    st.none() | WORDS,
    st.none() | DIGITS.map(lambda text: text * 2),
    st.dictionaries(WORDS, st.sampled_from([*Kind, *Purpose]), max_size=4),
    st.dictionaries(WORDS, st.integers(0, 1 << 50), max_size=4),
)
def test_the_quick_encoding_is_the_canonical_one(event, ids, processor, digest, words, counts):
    entry = Leaf(event=event, at=AT, processor=processor, digest=digest, words=words, counts=counts, **ids)
    assert entry.encode() == canonical_json(entry.to_json())
    assert Leaf.from_json(json.loads(entry.encode())).encode() == entry.encode()


def test_it_reads_back_what_it_wrote():
    entry = leaf(
        subject=SubjectId.new(),
        artifact=ArtifactId.new(),
        request=RequestId.new(),
        processor="s3",
        digest="ab" * 32,
        words={"purpose": Purpose.IDENTITY_CHECK},
        counts={"erased.photo": 3},
    )
    again = Leaf.from_json(entry.to_json())
    assert again.encode() == entry.encode()


@pytest.mark.parametrize(
    "more",
    [
        {"event": "artifact.live"},
        {"at": AT.replace(tzinfo=None)},
        {"at": "2026-01-31"},
        {"subject": "Ada Lovelace"},
        {"subject": "sub_ada"},
        {"subject": "art_" + "0" * 32},
        {"subject": "sub_" + "0" * 31 + "G"},
        {"artifact": 7},
        {"processor": "ada@example.org"},
        {"digest": "AB" * 32},
        {"digest": "ab" * 31},
        {"words": {"kind": "photo"}},
        {"words": {"kind": Sneaky.NAME}},
        {"words": {"Ada Lovelace": Kind.PHOTO}},
        {"counts": {"ada lovelace": 1}},
        {"counts": {"photos": -1}},
        {"counts": {"photos": True}},
        {"counts": {"photos": 1.5}},
        {"counts": {"photos": 1 << 60}},
        {"counts": {"x" * 49: 1}},
    ],
)
def test_anything_but_ids_words_counts_and_times_is_refused(more):
    with pytest.raises(LeafRefused) as refused:
        leaf(**more)
    assert "ada" not in str(refused.value).lower()


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"note": "hello"},
        {"event": "artifact.lost"},
        {"at": "2026-01-31 12:00"},
        {"at": "2026-01-31T12:00:00.9870Z"},
        {"words": ["kind"]},
        {"words": {"kind": "Ada Lovelace"}},
        {"counts": {"photos": "3"}},
        {"counts": 3},
    ],
)
def test_a_leaf_from_outside_is_checked_as_strictly(change):
    with pytest.raises(LeafRefused):
        Leaf.from_json({**leaf().to_json(), **change})


def test_times_are_utc_with_milliseconds():
    there = AT.astimezone(timezone(timedelta(hours=2)))
    assert format_time(there) == "2026-01-31T12:00:00.987Z"
    assert parse_time(format_time(there)) == AT.replace(microsecond=987000)


def test_canonical_json_sorts_and_keeps_utf8():
    assert canonical_json({"b": [1, None], "a": "ø"}) == '{"a":"ø","b":[1,null]}'.encode()
    with pytest.raises(ValueError, match="float"):
        canonical_json({"a": float("nan")})
