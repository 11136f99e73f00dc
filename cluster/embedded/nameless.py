"""Bytes in the volumes that no name refers to: found and removed through SeaweedFS's own shell.

The server answers a deletion when the name is gone, and removes the bytes a moment later. Killed in between, it never
does: nobody can reach them any more, and they stay on the disk.
"""

import re
import subprocess
from pathlib import Path

from cluster.embedded import weed
from cluster.embedded.weed import S3Address
from cluster.ports import Port, is_free

_SEARCH = "volume.fsck -v -cutoffTimeAgo=0s"
# The second search is the proof that the first one removed everything.
_SCRIPT = f"""
lock
{_SEARCH} -reallyDeleteFromVolume
volume.vacuum -garbageThreshold=0.00001
{_SEARCH}
unlock
exit
"""
_SEARCHES = 2
_VOLUMES = re.compile(r"collected (\d+) volumes")
_ANSWER_S = 300.0


def remove_nameless(directory: Path, address: S3Address, log: Path) -> bool:
    """True when every volume was searched, and nothing without a name is left in any file of them. False also when
    the server is not ready: volumes and names come up one after the other.

    Only while nobody can write: a writer's bytes come before their name.
    """
    if is_free(address.ports[Port.S3_FILER_GRPC]):
        return False
    command, environment = weed.shell(address), dict(weed.environment(directory))
    try:
        done = subprocess.run(
            command, input=_SCRIPT, env=environment, cwd=directory, text=True, capture_output=True, check=True,
            timeout=_ANSWER_S,
        )  # fmt: skip
    except subprocess.SubprocessError as error:
        _note(log, f"{error}\n")
        return False
    _note(log, done.stdout + done.stderr)
    return is_clean(done.stdout, len(list(weed.volumes(directory).glob("*.dat"))))


def is_clean(told: str, volumes: int) -> bool:
    """Whether the shell says that all volumes were searched, both times, and that the last search found nothing."""
    searched = sum(map(int, _VOLUMES.findall(told)))
    return searched == _SEARCHES * volumes and told.rstrip().endswith("no orphan data")


def _note(log: Path, told: str) -> None:
    with log.open("a") as out:
        out.write(told)
