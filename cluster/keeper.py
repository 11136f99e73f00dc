"""What a keeper of the data does: backup, restore, a new epoch, a shorter retention. Runs governance in this process.

A process of its own (`python -m cluster.keeper <plan> <action> [folder]`), because libpq and boto3 read the files with
the passwords from the environment, and the command line's own environment is the person's.
"""

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from cluster.compose import Plan
from cluster.config import environment
from cluster.errors import PartFailed
from governance.backup.make import make_backup
from governance.backup.restore import restore_backup
from governance.bootstrap import Extras
from governance.clock import utc_now
from governance.erasure.retention import Retention
from governance.erasure.steps import no_scan
from governance.policy import shipped
from governance.service import GovernanceService

_SOURCE = Path(__file__).parent.parent


class Action(StrEnum):
    BACKUP = "backup"
    RESTORE = "restore"
    ROTATE = "rotate"
    RETENTION = "retention"


def keep(plan: Path, surroundings: Mapping[str, str], action: Action, folder: Path | None = None) -> str:
    """Does it in a process that has the password files; returns one line on what was done. Raises PartFailed."""
    argv = [sys.executable, "-m", "cluster.keeper", str(plan), action.value]
    if folder is not None:
        argv.append(str(folder.absolute()))
    done = subprocess.run(argv, env=environment(surroundings), cwd=_SOURCE, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PartFailed(f"The {action} failed.", done.stderr.strip().splitlines()[-1] if done.stderr else "")
    return done.stdout.strip()


async def act(plan: Plan, action: Action, folder: Path | None) -> str:
    """The action itself, on the ledger and bucket of the plan."""
    match action:
        case Action.BACKUP:
            assert folder is not None
            return await _backup(plan, folder)
        case Action.RESTORE:
            assert folder is not None
            restored = await restore_backup(plan.governance, folder, Extras(shipped(), utc_now, no_scan))
            return f"Restored; {restored}"
        case Action.ROTATE:
            return await _rotate(plan)
        case Action.RETENTION:
            return await _shorten_retention(plan)


async def _backup(plan: Plan, folder: Path) -> str:
    service = await GovernanceService.open(plan.governance)
    try:
        await make_backup(service.parts, folder, utc_now)
    finally:
        await service.close()
    return f"Backup in {folder}"


async def _rotate(plan: Plan) -> str:
    service = await GovernanceService.open(plan.governance)
    try:
        epoch = await service.parts.rotation.rotate()
    finally:
        await service.close()
    return f"Epoch {epoch} begins; backups made before it cannot be read any more"


async def _shorten_retention(plan: Plan) -> str:
    service = await GovernanceService.open(plan.governance)
    try:
        changed = await Retention(service.parts.database, shipped(), utc_now).shorten()
    finally:
        await service.close()
    counts = ", ".join(f"{count} {what}" for what, count in changed.items()) or "none"
    return f"Deadlines made earlier: {counts}"


def main(plan: Path, action: Action, folder: Path | None) -> None:
    """Prints the line for `keep`."""
    composed = Plan.model_validate_json(plan.read_bytes())
    sys.stdout.write(asyncio.run(act(composed, action, folder)) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Action(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
