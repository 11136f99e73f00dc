"""A process that goes through the whole story and kills itself (SIGKILL) at the point it is told.

    python -m tests.faults.victim FOLDER [POINT]

FOLDER holds `settings.pickle`; what was made so far stands in `made.json`, written durably after each step.
"""

import asyncio
import json
import os
import pickle
import signal
import sys
from pathlib import Path
from typing import Any

from governance.config import GovernanceSettings
from governance.errors import GovernanceError
from governance.failpoints import FailPoint, arm
from governance.ids import SubjectId
from governance.model import Purpose
from governance.service import GovernanceService
from tests.support.governance import completed, holding, photo, running, sign_up


class Diary:
    """What this process knows it did."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "made.json"
        self.entries: dict[str, Any] = json.loads(self._path.read_text()) if self._path.exists() else {}

    def note(self, name: str, value: Any) -> None:
        self.entries[name] = value
        beside = self._path.with_suffix(".new")
        with beside.open("w") as file:
            json.dump(self.entries, file)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(self._path)


async def story(service: GovernanceService, diary: Diary) -> None:
    """Two people, photos and crops, reading; one of them is erased, and the epoch ends."""
    async with holding(service) as holder:
        owner, other = (await sign_up(service)).id, (await sign_up(service)).id
        diary.note("people", [owner, other])
        kept = await photo(holder, other, b"stays the same")
        diary.note("kept", kept.id)
        await _make(service, holder, diary, owner)
        await holder.hold(kept.id, Purpose.TRAINING, lambda: None)
        diary.note("asking", True)
        request = await service.erase(owner)
    diary.note("request", request.id)
    await completed(service, request.id)
    await service.parts.rotation.rotate()
    diary.note("finished", True)


async def _make(service: GovernanceService, holder: Any, diary: Diary, owner: SubjectId) -> None:
    made: list[str] = []
    root = await photo(holder, owner, b"goes")
    for one in (root, await photo(holder, owner, b"goes too", (root,))):
        made.append(one.id)
        diary.note("made", made)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(folder: Path, point: str | None) -> None:
    settings: GovernanceSettings = pickle.loads((folder / "settings.pickle").read_bytes())
    if point is not None:
        arm(FailPoint(point), _kill)
    diary = Diary(folder)
    async with running(settings) as service:
        if "people" not in diary.entries:
            await story(service, diary)
        else:
            await resume(service, diary)


async def resume(service: GovernanceService, diary: Diary) -> None:
    """Go on after a crash: ask again, which is always safe, and end the epoch."""
    owner = SubjectId(diary.entries["people"][0])
    request = await service.erase(owner)
    await completed(service, request.id)
    try:
        await service.parts.rotation.finish()
        await service.parts.rotation.rotate()
    except GovernanceError as error:
        sys.exit(f"the rotation could not go on: {error}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
