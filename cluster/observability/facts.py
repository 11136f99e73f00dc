"""A look's rows, from what Ray, the training pool and the steward say."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from cluster.capacity.reconciler import Outlook
from cluster.observability.snapshot import Group, Node, Region
from cluster.topology.model import GPU_LABEL, MARKET_LABEL, POOL_LABEL, REGION_LABEL
from training.pool import PoolStatus

UNLABELLED = "-"


def nodes(known: Sequence[Mapping[str, Any]]) -> tuple[Node, ...]:
    """`known`: as `ray.nodes()` tells them; the lost ones are left out."""
    found = [
        Node(
            address=node["NodeManagerAddress"],
            region=labels.get(REGION_LABEL, UNLABELLED),
            pool=labels.get(POOL_LABEL, UNLABELLED),
            gpu=labels.get(GPU_LABEL, UNLABELLED),
            market=labels.get(MARKET_LABEL, UNLABELLED),
            cpus=node["Resources"].get("CPU", 0.0),
            gpus=node["Resources"].get("GPU", 0.0),
        )
        for node in known
        if node["Alive"]
        for labels in [node.get("Labels", {})]
    ]
    return tuple(sorted(found, key=lambda node: (node.region, node.pool, node.address)))


def groups(status: PoolStatus | None) -> tuple[Group, ...]:
    """Those that live, also while no worker of theirs has spoken yet."""
    if status is None:
        return ()
    workers: Counter[str] = Counter(beat.group for beat in status.workers)
    left: dict[str, list[float]] = defaultdict(list)
    for beat in status.workers:
        left[beat.group] += beat.seconds_left
    return tuple(
        Group(
            name=group.name,
            region=group.region,
            workers=workers[group.name],
            jobs=len(left[group.name]),
            seconds_left=max(left[group.name], default=0.0),
        )
        for group in status.groups
    )


def regions(outlook: Outlook) -> tuple[Region, ...]:
    """The steward's last look."""
    return tuple(
        Region(
            name=share.region,
            replicas=share.replicas,
            groups=share.groups,
            room=share.room,
            spare=share.spare,
            starting=sum(share.start.values()),
        )
        for share in outlook.shares
    )
