"""Calls through the Ray actor, by many callers of one client."""

import tempfile
from pathlib import Path
from uuid import uuid4

import ray

from benchmarks.governance.scene import REGION, rate, settings_for
from cluster.embedded.throwaway import Servers
from governance.actor import start_governance
from governance.blobs.memory import MemoryBlobStore
from governance.client import GovernanceClient
from governance.holder import Holder
from governance.model import HolderKind, Kind, NewAccount, NewArtifact, Purpose

_CALLERS = 500


async def actor_ops_per_s(servers: Servers, count: int = 10_000) -> float:
    """Durable registrations through the client, the actor and the ledger."""
    with tempfile.TemporaryDirectory() as folder:
        ray.init(num_cpus=1, include_dashboard=False, namespace="pixreunion", log_to_driver=False)
        handle = start_governance(settings_for(servers, Path(folder)))
        try:
            client = GovernanceClient.connect(patience_s=60)
            owner = (await client.create_account(NewAccount(uuid4().bytes * 2, "$argon2id$", REGION))).id
            holder = await Holder.open(client, MemoryBlobStore(), kind=HolderKind.TOOL, region=REGION)
            new = NewArtifact(Kind.PHOTO, (owner,), Purpose.TRAINING)

            async def register(_: int) -> None:
                await client.register(new, holder.id)

            await rate(register, count // 10, _CALLERS)
            result = await rate(register, count, _CALLERS)
            await holder.close()
            return result
        finally:
            ray.get(handle.close.remote())
            ray.kill(handle)
            ray.shutdown()
