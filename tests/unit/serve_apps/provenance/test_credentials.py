"""Signed statements in the file: ours, another's, none, and one that no longer fits its picture."""

import io
import json
from datetime import UTC, datetime, timedelta

import c2pa
import pytest
from PIL import Image

from serve_apps.provenance.certificate import derived_pair
from serve_apps.provenance.credentials import TYPE, Credentials, Statement
from tests.unit.serve_apps.checks.pictures import file, pixels, portraits

NOW = datetime.now(UTC)
PNG = file(portraits(0)[0])


@pytest.fixture(scope="module")
def ours() -> Credentials:
    return Credentials(derived_pair(b"k" * 32, NOW))


@pytest.fixture(scope="module")
def signed(ours: Credentials) -> bytes:
    return bytes(ours.sign(PNG))


def test_what_we_sign_is_ours(ours: Credentials, signed: bytes) -> None:
    assert ours.read(signed, "image/png") == Statement(intact=True, ours=True)
    assert len(signed) - len(PNG) < 4000


def test_the_picture_stays_as_it_is(signed: bytes) -> None:
    assert (pixels(Image.open(io.BytesIO(signed))) == pixels(Image.open(io.BytesIO(PNG)))).all()


def test_another_replica_a_month_ago_was_us_too(ours: Credentials) -> None:
    earlier = Credentials(derived_pair(b"k" * 32, NOW - timedelta(days=30)))
    assert ours.read(earlier.sign(PNG), "image/png") == Statement(intact=True, ours=True)


def test_anothers_signature_is_not_ours(ours: Credentials) -> None:
    other = Credentials(derived_pair(b"z" * 32, NOW))
    assert ours.read(other.sign(PNG), "image/png") == Statement(intact=True, ours=False)


def test_a_changed_picture_does_not_fit(ours: Credentials, signed: bytes) -> None:
    changed = bytearray(signed)
    changed[-40] ^= 1
    statement = ours.read(changed, "image/png")
    assert statement is not None
    assert not statement.intact


@pytest.mark.parametrize("data", [PNG, b"", b"nothing", PNG[:100]])
def test_without_credentials_nothing_is_read(ours: Credentials, data: bytes) -> None:
    assert ours.read(data, "image/png") is None


def test_it_says_that_a_model_made_it_and_nothing_of_a_person(signed: bytes) -> None:
    with c2pa.Reader("image/png", io.BytesIO(signed)) as reader:
        document = json.loads(reader.json())
    manifest = document["manifests"][document["active_manifest"]]
    [actions] = [each["data"]["actions"] for each in manifest["assertions"] if each["label"] == "c2pa.actions.v2"]
    assert [(each["action"], each["digitalSourceType"]) for each in actions] == [("c2pa.created", TYPE)]
    assert {each["label"] for each in manifest["assertions"]} <= {"c2pa.actions.v2", "c2pa.hash.data"}
    assert "thumbnail" not in manifest
