"""Erase people by the hundred under faults, and count residues, orphans and resurrections.

Each round makes people with photos and crops, then erases most of them; its processes are killed (SIGKILL) at fail
points, alone and in pairs, and PostgreSQL or S3 is killed or stalled under them. Every fifth round a backup is made in
between and restored on an empty database at the end: there the erased must be gone as well. After the last round the
raw bytes of all files, and the servers' memory, are searched for what was erased.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter

from benchmarks.circumstances import machine
from benchmarks.governance.campaign.checks import residues
from benchmarks.governance.campaign.rounds import Campaign
from cluster.embedded.throwaway import Servers, throwaway_servers
from governance.residue.report import ScanReport

_COMPACTIONS, _COMPACTION_S = 3, 3.0


Tell = Callable[[str], object]


async def run(
    erasures: int, seed: int, people: int, folder: Path, tell: Tell = lambda line: None, longest_s: float = 1e9
) -> dict[str, object]:
    """The report; `clean` says whether nothing was left behind. `tell` hears of each round."""
    began = perf_counter()
    with throwaway_servers() as servers:
        campaign = Campaign(servers, folder, seed, people)
        while campaign.tally.erasures < erasures and perf_counter() - began < longest_s:
            await campaign.round()
            tell(f"round {len(campaign.diaries)}: {campaign.tally.erasures} erasures")
        tell("compacting and scanning")
        campaign.tally.count_residues(await _scanned(servers, campaign))
    return {
        "seed": seed,
        "rounds": len(campaign.diaries),
        **campaign.tally.counts(),
        "kills": dict(sorted(campaign.kills.items())),
        "server_faults": dict(sorted(campaign.server_faults.items())),
        "restores": campaign.restores,
        "clean": campaign.tally.clean,
        "complaints": campaign.tally.complaints[:20],
        "seconds": round(perf_counter() - began, 1),
        "machine": machine(),
    }


async def _scanned(servers: Servers, campaign: Campaign) -> Sequence[ScanReport]:
    """S3 deletes in the background, so what is found is looked for again after the next compaction, a few times."""
    reports: Sequence[ScanReport] = []
    for _ in range(_COMPACTIONS):
        await asyncio.sleep(_COMPACTION_S)
        await asyncio.to_thread(servers.s3.compact)
        pids = campaign.server_pids()
        reports = await asyncio.to_thread(residues, campaign.diaries, servers.home.root, pids)
        if not any(report.findings for report in reports):
            break
    return reports


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.governance.campaign", description=__doc__)
    parser.add_argument("--erasures", type=int, default=1000, help="at least so many")
    parser.add_argument("--people", type=int, default=25, help="erased in each round")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=1e9, help="begin no further round after so many")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told = partial(print, file=sys.stderr, flush=True)
        longest_s = options.minutes * 60
        report = asyncio.run(run(options.erasures, options.seed, options.people, Path(folder), told, longest_s))
    print(json.dumps(report, indent=None if options.json else 2))
    sys.exit(not report["clean"])


if __name__ == "__main__":
    main()
