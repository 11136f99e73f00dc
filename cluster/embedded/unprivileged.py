"""PostgreSQL refuses to run as root. Here is how root runs it all the same, making no user and opening no directory.

Namespace: a user namespace in which our own uid is called `nobody`. Inside it the server is not root, outside it the
files are still ours, and no other account of the machine can read them.

Capability, where the kernel refuses namespaces (some containers): the account `nobody`, whose server keeps the one
right to pass directories that are closed to it. The data directory then belongs to `nobody`.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from cluster.errors import PartFailed

_NOBODY = pwd.getpwnam("nobody")


def as_ordinary_user(argv: Sequence[str], directory: Path) -> list[str]:
    """The command that runs `argv` without root's identity, and `directory` made its own.

    `argv` itself when we are not root. Raises PartFailed when this machine allows neither way.
    """
    if os.geteuid() != 0:
        return list(argv)
    if _works(_namespace()):
        own(directory, os.getuid(), os.getgid())
        return [*_namespace(), *argv]
    if _works(_capability()):
        own(directory, _NOBODY.pw_uid, _NOBODY.pw_gid)
        return [*_capability(), *argv]
    raise PartFailed(
        "PostgreSQL does not run as root, and this machine allows neither user namespaces nor a change of account.",
        "Run as an ordinary user, or name a PostgreSQL of your own in PIXREUNION_POSTGRES_DSN.",
    )


def own(directory: Path, uid: int, gid: int) -> None:
    """Gives the directory and all below it to the account, when it is not its own already."""
    if not directory.exists() or directory.stat().st_uid == uid:
        return
    for path in [*directory.rglob("*"), directory]:
        os.chown(path, uid, gid, follow_symlinks=False)


def _namespace() -> tuple[str, ...]:
    return ("unshare", "--user", f"--map-user={_NOBODY.pw_uid}", f"--map-group={_NOBODY.pw_gid}", "--")


def _capability() -> tuple[str, ...]:
    keep = "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"
    return ("setpriv", f"--reuid={_NOBODY.pw_uid}", f"--regid={_NOBODY.pw_gid}", "--clear-groups", *keep, "--")


@cache
def _works(prefix: tuple[str, ...]) -> bool:
    try:
        return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
