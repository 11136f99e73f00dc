"""Named places where the fault tests kill the process. In service they do nothing.

reach("erasure.bytes_deleted")      in the code, between two things that a crash must not separate for good
arm("erasure.bytes_deleted", kill)  in a test's victim process
"""

from collections.abc import Callable
from enum import StrEnum


class FailPoint(StrEnum):
    """Every step of every protocol."""

    WRITE_REGISTERED = "write.registered"
    WRITE_STORED = "write.stored"
    WRITE_COMMITTED = "write.committed"
    REGISTER_ROWS = "register.rows"
    COMMIT_ROWS = "commit.rows"
    GRANT_ROWS = "grant.rows"
    FENCE_ROWS = "fence.rows"
    FENCE_COMMITTED = "fence.committed"
    STEP_TAKEN = "erasure.taken"
    HOLDERS_CLEARED = "erasure.holders_cleared"
    BYTES_DELETED = "erasure.bytes_deleted"
    ROWS_SCRUBBED = "erasure.rows_scrubbed"
    PROCESSOR_TOLD = "erasure.processor_told"
    SCAN_DONE = "erasure.scan_done"
    CERTIFICATE_SIGNED = "erasure.certificate_signed"
    CERTIFICATE_COMMITTED = "erasure.certificate_committed"
    EPOCH_BEGUN = "rotation.begun"
    KEYS_MOVED = "rotation.keys_moved"
    ROOT_KEY_DESTROYED = "rotation.root_key_destroyed"
    EPOCH_DESTROYED = "rotation.epoch_destroyed"


_ARMED: dict[FailPoint, Callable[[], None]] = {}


def reach(point: FailPoint) -> None:
    """The process is at this point now."""
    if _ARMED and point in _ARMED:
        _ARMED[point]()


def arm(point: FailPoint, act: Callable[[], None]) -> None:
    """What happens there from now on in this process."""
    _ARMED[point] = act


def disarm() -> None:
    _ARMED.clear()
