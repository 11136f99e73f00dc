"""One round after another on the same servers, each in a database and bucket of its own."""

import asyncio
import pickle
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from signal import SIGKILL

from benchmarks.governance.campaign.checks import Tally, check_round
from benchmarks.governance.campaign.diary import Diary
from benchmarks.governance.campaign.faults import befall, points, server_fault
from benchmarks.governance.campaign.worker import Job, completed, opened, persist
from benchmarks.governance.scene import REGION, settings_for
from cluster.embedded.throwaway import Servers
from cluster.processes import tree
from governance.backup.make import make_backup
from governance.backup.restore import restore_backup
from governance.bootstrap import Extras
from governance.clock import utc_now
from governance.config import ErasureSettings, GovernanceSettings, LeaseSettings
from governance.erasure.steps import no_scan
from governance.failpoints import FailPoint
from governance.holder import Holder
from governance.ids import RequestId
from governance.model import HolderKind
from governance.policy import shipped

_STAYING = 5
_RESTORE_EVERY = 5
_LONGEST_S = 1800.0
_EXTRAS = Extras(shipped(), utc_now, no_scan)


@dataclass(slots=True)
class Campaign:
    """`people` are erased in each round; everything random follows from `seed`."""

    servers: Servers
    folder: Path
    seed: int
    people: int
    tally: Tally = field(default_factory=Tally)
    diaries: list[tuple[Diary, int]] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    server_faults: Counter[str] = field(default_factory=Counter)
    restores: int = 0

    async def round(self) -> None:
        number = len(self.diaries)
        chance = random.Random(f"{self.seed}/{number}")
        folder = self.folder / f"round-{number}"
        folder.mkdir(mode=0o700)
        restoring = number % _RESTORE_EVERY == _RESTORE_EVERY - 1
        job = Job(_settings(self.servers, folder), chance.randrange(2**32), self.people, _STAYING, not restoring)
        (folder / "job.pickle").write_bytes(pickle.dumps(job))
        await self._phase(folder, "make", chance)
        if restoring:
            async with opened(job.settings) as service:
                await make_backup(service.parts, folder / "backup", utc_now)
        await self._phase(folder, "erase", chance)
        diary = Diary(folder)
        await self._check(job.settings, diary, job.seed)
        self.diaries.append((diary, job.seed))
        if restoring:
            await self._restore(job, folder, diary)

    async def _phase(self, folder: Path, phase: str, chance: random.Random) -> None:
        """Processes that are killed, and a last one that comes to the end; a server falls meanwhile."""
        fault = server_fault(chance)
        striking = asyncio.create_task(befall(self.servers, fault, chance.uniform(1.0, 5.0)))
        self.server_faults[fault] += 1
        for point, hits in points(chance, phase):
            if await _work(folder, phase, point, hits):
                self.kills[point] += 1
        await asyncio.gather(striking, _work(folder, phase, None, 0))

    async def _check(self, settings: GovernanceSettings, diary: Diary, seed: int) -> None:
        async with opened(settings) as service:
            store = service.parts.store
            holder = await persist(lambda: Holder.open(service, store, kind=HolderKind.TRAINER, region=REGION))
            await check_round(self.tally, service, holder, diary, seed)
            await holder.close()

    async def _restore(self, job: Job, folder: Path, diary: Diary) -> None:
        """Everything must hold in the restored ledger too; its certificates are of erasures that were replayed."""
        elsewhere = _settings(self.servers, folder)
        again = job.settings.model_copy(update={"ledger": elsewhere.ledger})
        await restore_backup(again, folder / "backup", _EXTRAS)
        async with opened(again) as service:
            for request in diary.requests:
                await persist(partial(completed, service, RequestId(request)))
        self.tally.erasures -= len(diary.requests)
        self.tally.certificates -= len(diary.requests)
        await self._check(again, diary, job.seed)
        self.restores += 1

    def server_pids(self) -> list[int]:
        marks = [self.servers.postgres.running(), self.servers.s3.running()]
        return [process.pid for process in tree([mark for mark in marks if mark is not None])]


async def _work(folder: Path, phase: str, point: FailPoint | None, hits: int) -> bool:
    """True when the worker was killed at its point, False when it came to its end."""
    told = [str(point), str(hits)] if point else []
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.governance.campaign.worker", str(folder), phase, *told,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await asyncio.wait_for(process.communicate(), _LONGEST_S)
    if process.returncode not in (0, -SIGKILL):
        raise RuntimeError(f"the worker failed: {errors.decode()[-3000:]}")
    return process.returncode != 0


def _settings(servers: Servers, folder: Path) -> GovernanceSettings:
    """Short leases, quick polls and time-outs."""
    settings = settings_for(servers, folder)
    return settings.model_copy(
        update={
            "blobs": settings.blobs.model_copy(update={"timeout_s": 3.0}),
            "leases": LeaseSettings(ttl_s=3.0),
            "erasure": ErasureSettings(poll_s=0.1, step_lease_s=2.0, upload_s=20.0),
        }
    )
