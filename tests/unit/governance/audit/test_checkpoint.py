import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.audit.checkpoint import Checkpoint, key_hash, open_checkpoint, sign_checkpoint
from governance.audit.errors import BadCheckpoint
from governance.audit.keys import SigningKey

KEY = SigningKey(bytes(range(32)))
CHECKPOINT = Checkpoint(1042, bytes(range(32)), datetime(2026, 1, 31, 12, tzinfo=UTC))
NOTE = sign_checkpoint(CHECKPOINT, KEY)


def test_it_is_a_signed_note():
    text, signature = NOTE.split("\n\n")
    root = base64.b64encode(bytes(range(32))).decode()
    assert text == f"pixreunion/audit\n1042\n{root}\ntime 2026-01-31T12:00:00.000Z"
    assert signature.startswith("— pixreunion/audit ")
    raw = base64.b64decode(signature.split()[2])
    assert raw[:4] == key_hash("pixreunion/audit", KEY.verifying)
    assert KEY.verifying.accepts(raw[4:], text.encode() + b"\n")


def test_it_opens_again():
    assert open_checkpoint(NOTE, KEY.verifying) == CHECKPOINT


def test_another_key_or_log_is_refused():
    with pytest.raises(BadCheckpoint, match="another key"):
        open_checkpoint(NOTE, SigningKey.generate().verifying)
    with pytest.raises(BadCheckpoint):
        open_checkpoint(NOTE, KEY.verifying, origin="elsewhere")


@given(st.integers(0, len(NOTE) - 1), st.sampled_from("\n AZaz019+/=—{"))
def test_no_changed_character_goes_unnoticed(position, character):
    changed = NOTE[:position] + character + NOTE[position + 1 :]
    if changed != NOTE:
        with pytest.raises(BadCheckpoint):
            open_checkpoint(changed, KEY.verifying)


def resigned(text):
    raw = key_hash("pixreunion/audit", KEY.verifying) + KEY.sign(text.encode())
    return f"{text}\n— pixreunion/audit {base64.b64encode(raw).decode()}\n"


@pytest.mark.parametrize(
    "text",
    [
        "pixreunion/audit\n01\nAAAA\ntime 2026-01-31T12:00:00.000Z\n",
        "pixreunion/audit\n1\nAAAA\ntime 2026-01-31T12:00:00.000Z\n",
        "pixreunion/audit\n1\n!!\ntime 2026-01-31T12:00:00.000Z\n",
        f"pixreunion/audit\n1\n{'A' * 43}=\ntime yesterday\n",
        f"pixreunion/audit\n1\n{'A' * 43}=\n",
        f"other/log\n1\n{'A' * 43}=\ntime 2026-01-31T12:00:00.000Z\n",
    ],
)
def test_signed_nonsense_is_refused(text):
    with pytest.raises(BadCheckpoint):
        open_checkpoint(resigned(text), KEY.verifying)


@pytest.mark.parametrize("note", ["", "no signature", "a\n\n— b c\n", "a\n\n— pixreunion/audit AAAA\n"])
def test_what_is_no_note_is_refused(note):
    with pytest.raises(BadCheckpoint):
        open_checkpoint(note, KEY.verifying)
