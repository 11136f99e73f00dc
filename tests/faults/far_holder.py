"""A holder on another machine, which the network may lose.

    python -m tests.faults.far_holder FOLDER GOING STAYING

It takes the artifact GOING into memory, says `holding`, and `dropped T` (seconds of the monotonic clock, which all
processes of a machine share) once it is zeroed. Told to go on, it reads STAYING and says `resumed`.
"""

import asyncio
import pickle
import sys
from pathlib import Path
from threading import Event
from time import monotonic, sleep

from governance.config import GovernanceSettings
from governance.errors import LeaseLost, Unavailable
from governance.holder import Holder
from governance.ids import ArtifactId
from governance.model import Purpose
from governance.service import GovernanceService
from tests.support.governance import holding, running


def say(what: str) -> None:
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


async def hold_until_dropped(holder: Holder, id: ArtifactId) -> None:
    told = Event()
    buffer = await holder.hold(id, Purpose.TRAINING, told.set)
    assert any(buffer)
    say("holding")
    await asyncio.to_thread(_until_zero, told, buffer)
    say(f"dropped {monotonic()}")


def _until_zero(told: Event, buffer: bytearray) -> None:
    told.wait()
    while any(buffer):
        sleep(0.001)


async def read_when_it_can(holder: Holder, id: ArtifactId) -> None:
    while True:
        try:
            async with holder.plaintext(id, Purpose.TRAINING) as buffer:
                say(f"resumed {bytes(buffer).decode()}")
                return
        except (Unavailable, LeaseLost):
            await asyncio.sleep(0.1)


async def work(service: GovernanceService, going: ArtifactId, staying: ArtifactId) -> None:
    await service.parts.background.stop()
    async with holding(service) as holder:
        await hold_until_dropped(holder, going)
        await asyncio.to_thread(sys.stdin.readline)
        await read_when_it_can(holder, staying)


async def main(folder: Path, going: ArtifactId, staying: ArtifactId) -> None:
    settings: GovernanceSettings = pickle.loads((folder / "far.pickle").read_bytes())
    async with running(settings) as service:
        await work(service, going, staying)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), ArtifactId(sys.argv[2]), ArtifactId(sys.argv[3])))
