import pickle

import pytest

from governance.audit.keys import KeyFileRefused, SigningKey, VerifyingKey

# RFC 8032, section 7.1, test 2.
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_it_signs_as_the_standard_says():
    key = SigningKey(SEED)
    assert key.verifying.raw == PUBLIC
    assert key.sign(b"\x72") == SIGNATURE
    assert key.verifying.accepts(SIGNATURE, b"\x72")


def test_other_messages_keys_and_lengths_are_not_accepted():
    verifying = VerifyingKey(PUBLIC)
    assert not verifying.accepts(SIGNATURE, b"\x73")
    assert not verifying.accepts(SIGNATURE[:-1], b"\x72")
    assert not SigningKey.generate().verifying.accepts(SIGNATURE, b"\x72")
    with pytest.raises(ValueError, match="32 bytes"):
        VerifyingKey(b"short")


def test_the_key_id_names_the_key():
    assert len(VerifyingKey(PUBLIC).key_id) == 32
    assert SigningKey.generate().verifying.key_id != SigningKey.generate().verifying.key_id


def test_a_key_file_is_made_once_and_read_again(tmp_path):
    path = tmp_path / "signing.key"
    first = SigningKey.load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert SigningKey.load_or_create(path).verifying == first.verifying
    assert [entry.name for entry in tmp_path.iterdir()] == ["signing.key"]


def test_a_readable_short_or_linked_key_file_is_refused(tmp_path):
    path = tmp_path / "signing.key"
    SigningKey.load_or_create(path)
    path.chmod(0o640)
    with pytest.raises(KeyFileRefused, match=r"signing\.key"):
        SigningKey.load(path)
    path.chmod(0o600)
    link = tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(KeyFileRefused):
        SigningKey.load_or_create(link)
    path.write_bytes(b"short")
    with pytest.raises(KeyFileRefused):
        SigningKey.load_or_create(path)


def test_it_neither_prints_nor_travels():
    key = SigningKey(SEED)
    assert SEED.hex()[:8] not in repr(key)
    with pytest.raises(TypeError, match="travel"):
        pickle.dumps(key)
