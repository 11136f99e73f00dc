"""Plaintext buffers of one process."""

from time import monotonic

from governance.copies import Copies
from governance.ids import ArtifactId


def test_a_drop_tells_first_and_then_zeroes() -> None:
    copies, id, seen = Copies(), ArtifactId.new(), []
    buffer = bytearray(b"plain")
    copies.add(id, buffer, lambda: seen.append(bytes(buffer)))
    copies.drop([id], monotonic())
    assert seen == [b"plain"]
    assert buffer == bytes(5)
    assert id not in copies


def test_a_copy_newer_than_the_command_stays_until_the_next_one() -> None:
    copies, id = Copies(), ArtifactId.new()
    before = monotonic()
    buffer = bytearray(b"plain")
    copies.add(id, buffer, None)
    copies.drop([id], before)
    assert id in copies
    assert copies.ids(before) == []
    assert copies.ids(monotonic()) == [id]


def test_a_failing_callback_does_not_keep_anything_alive() -> None:
    copies, first, second = Copies(), bytearray(b"one"), bytearray(b"two")

    def fail() -> None:
        raise RuntimeError("the slot is stuck")

    copies.add(ArtifactId.new(), first, fail)
    copies.add(ArtifactId.new(), second, None)
    copies.drop_all()
    assert not any(first)
    assert not any(second)


def test_release_zeroes_what_is_held_without_calling_back() -> None:
    copies, id, calls = Copies(), ArtifactId.new(), []
    held, used = bytearray(b"held"), bytearray(b"used")
    copies.add(id, held, lambda: calls.append(1))
    copies.add(id, used, None)
    copies.release(id)
    assert not any(held)
    assert bytes(used) == b"used"
    assert not calls


def test_whoever_releases_leaves_what_others_hold() -> None:
    copies, id, told = Copies(), ArtifactId.new(), []
    mine, theirs = bytearray(b"same"), bytearray(b"same")
    copies.add(id, mine, lambda: told.append("mine"))
    copies.add(id, theirs, lambda: told.append("theirs"))
    copies.release(id, mine)
    assert (bytes(mine), bytes(theirs)) == (bytes(4), b"same")
    copies.drop([id], monotonic())
    assert told == ["theirs"]
    assert not any(theirs)
