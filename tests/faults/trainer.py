"""A training worker in a process of its own, to be killed: `python -m tests.faults.trainer FOLDER BASE`.

It says `step` on its standard output once somebody trains, and ends by itself when nothing is left to do.
"""

import asyncio
import pickle
import sys
from pathlib import Path

from governance.service import GovernanceService
from tests.integration.pool.house import worker_on
from tests.integration.pool.tiny import settings
from tests.support.governance import REGION
from tests.support.waiting import eventually
from training.queue import FairShare
from training.worker import Worker


async def _begun(worker: Worker, run: "asyncio.Task[None]") -> bool:
    return run.done() or any(job.step for job in worker.jobs)


async def main(folder: Path, base: Path) -> None:
    service = await GovernanceService.open(pickle.loads((folder / "settings.pickle").read_bytes()))
    how = settings(base, REGION, checkpoint_s=0.2, idle_s=1.0)
    how = how.model_copy(update={"fair": FairShare(most_tries=10)})
    try:
        async with worker_on(service, how, name=f"trainer-{id(service)}") as (worker, _):
            run = asyncio.create_task(worker.run(asyncio.Event()))
            await eventually(lambda: _begun(worker, run), within_s=300)
            sys.stdout.write("step\n")
            sys.stdout.flush()
            await run
    finally:
        await service.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
