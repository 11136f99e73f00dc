"""The four roles of GDPRbench (Shastri et al., VLDB 2020) here and on a plain PostgreSQL table.

The mixes are those of the paper. On the plain side each operation is one statement in one durable transaction, without
checks, keys, leases, lineage or log. Artifacts are never changed in place: an update of data is a new artifact, an
update of metadata restricts a person or lifts it. The ratio says how many times slower governance is.

| role | operations |
|---|---|
| controller | 25 % create, 25 % delete, 50 % update metadata |
| customer | 20 % each: read one's data, read metadata, update data, update metadata, delete |
| processor | 80 % read data for a purpose, 20 % list what there is for it |
| regulator | 46 % read a person's metadata, 31 % read the log, 23 % verify a deletion |
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median

from benchmarks.governance.governed import Governed
from benchmarks.governance.plain import Plain
from benchmarks.governance.scene import rate, scene
from cluster.embedded.throwaway import Servers

CALLERS = 64
RECORDS = 5000
ROLES = ("processor", "regulator", "customer", "controller")


@dataclass(frozen=True, slots=True)
class Mix:
    """Names of operations with their share in percent."""

    shares: tuple[tuple[str, int], ...]

    def pick(self, number: int) -> str:
        """Evenly mixed, the same every time."""
        place = number * 37 % 100
        for name, share in self.shares:
            if place < share:
                return name
            place -= share
        raise AssertionError("the shares make a hundred")


MIXES = {
    "controller": Mix((("create", 25), ("delete", 25), ("update_metadata", 50))),
    "customer": Mix(
        (("read_data", 20), ("read_metadata", 20), ("create", 20), ("update_metadata", 20), ("delete", 20))
    ),
    "processor": Mix((("read_data", 80), ("list", 20))),
    "regulator": Mix((("list", 46), ("read_log", 31), ("verify_deletion", 23))),
}


async def gdprbench(servers: Servers, count: int = 1000, rounds: int = 9) -> dict[str, dict[str, float]]:
    """Operations per second of each role on both sides, and their ratio: the medians of several rounds, in which the
    sides take turns. What the governed side's erasures still have to do is waited for, so that it slows down nobody
    else."""
    async with scene(servers) as on:
        governed, plain = Governed(on), Plain(on.service.parts.database)
        for side in (governed, plain):
            await side.prepare(RECORDS, CALLERS)
        report = {}
        for role in ROLES:
            here, there = [], []
            for _ in range(rounds):
                await governed.settle()
                there.append(await rate(_operation(plain, MIXES[role]), count, CALLERS))
                here.append(await rate(_operation(governed, MIXES[role]), count, CALLERS))
            ratio = median(slow / quick for quick, slow in zip(here, there, strict=True))
            report[role] = {
                "ops_per_s": round(median(here)),
                "plain_ops_per_s": round(median(there)),
                "ratio": round(ratio, 2),
            }
        return report


def _operation(side: Governed | Plain, mix: Mix) -> Callable[[int], Awaitable[object]]:
    async def one(number: int) -> None:
        await getattr(side, mix.pick(number))(number)

    return one
