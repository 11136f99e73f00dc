"""Keys that seal keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import KeyUnavailable
from governance.ids import ArtifactId
from governance.vault.wrap import derive, seal_artifact_key, seal_named, unseal_artifact_key, unseal_named

SECRET, KEY = b"s" * 32, b"k" * 32


@given(st.integers(min_value=1, max_value=5), st.data())
def test_destroying_any_subjects_key_leaves_nothing_to_open_with(people: int, data: st.DataObject) -> None:
    keys = [bytes([n + 1]) * 32 for n in range(people)]
    id = ArtifactId.new()
    sealed = seal_artifact_key(SECRET, keys, id, KEY)
    assert unseal_artifact_key(SECRET, keys, id, sealed) == KEY
    lost = data.draw(st.integers(min_value=0, max_value=people - 1))
    for guess in (keys[:lost] + keys[lost + 1 :], [*keys[:lost], bytes(32), *keys[lost + 1 :]]):
        with pytest.raises(KeyUnavailable):
            unseal_artifact_key(SECRET, guess, id, sealed)


def test_a_key_is_bound_to_its_artifact_and_epoch() -> None:
    id = ArtifactId.new()
    sealed = seal_artifact_key(SECRET, [KEY], id, KEY)
    with pytest.raises(KeyUnavailable):
        unseal_artifact_key(SECRET, [KEY], ArtifactId.new(), sealed)
    with pytest.raises(KeyUnavailable):
        unseal_artifact_key(b"t" * 32, [KEY], id, sealed)


def test_named_keys_do_not_open_under_another_name() -> None:
    sealed = seal_named(SECRET, "signing", KEY)
    assert unseal_named(SECRET, "signing", sealed) == KEY
    with pytest.raises(KeyUnavailable):
        unseal_named(SECRET, "custody", sealed)


def test_parts_of_a_derivation_cannot_run_into_each_other() -> None:
    assert derive(SECRET, "x", b"ab", b"c") != derive(SECRET, "x", b"a", b"bc")
