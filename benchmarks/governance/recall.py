"""How many planted leaks the residue scanner finds, in every kind of place and encoding that it must read."""

import asyncio
import tempfile
from pathlib import Path

from cluster.embedded.throwaway import Servers
from governance.residue.planting import invented_secret, measure_recall

_STRANGERS = 2


async def scanner_recall(_: Servers, people: int = 8) -> float:
    """Found of planted. A false alarm makes the figure worthless, so there must be none."""
    with tempfile.TemporaryDirectory() as folder:
        secrets = [invented_secret(seed) for seed in range(people)]
        strangers = [invented_secret(1000 + seed) for seed in range(_STRANGERS)]
        found = await asyncio.to_thread(measure_recall, Path(folder), secrets, strangers)
    assert not found.false_alarms, f"strangers were taken for leaks: {found.false_alarms[:3]}"
    return found.recall
