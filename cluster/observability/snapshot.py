"""What `pixreunion top` shows: one look at nodes, replicas, the training pool and governance, as numbers and ids.

Loads neither Ray nor torch: the command line reads it from the process that looks (`watch.py`).
"""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from governance.vitals import Vitals


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Node(_Frozen):
    """A living node with its labels, `-` where it has none."""

    address: str
    region: str
    pool: str
    gpu: str
    market: str
    cpus: float
    gpus: float


class Deployment(_Frozen):
    """Replicas by Serve's word for their state."""

    name: str
    replicas: Mapping[str, int]


class Group(_Frozen):
    """A training group: jobs in its workers' packs, and seconds until the last of them ends."""

    name: str
    region: str
    workers: int
    jobs: int
    seconds_left: float


class Region(_Frozen):
    """What the capacity policy gave a region."""

    name: str
    replicas: int
    groups: int
    room: int
    spare: int
    starting: int


class Snapshot(_Frozen):
    """`queued_steps`: denoising steps waiting in each generator replica. `waits`: what waits for what, in words.
    `vitals`: None while governance does not answer."""

    nodes: tuple[Node, ...]
    deployments: tuple[Deployment, ...]
    queued_steps: tuple[float, ...]
    groups: tuple[Group, ...]
    queued_jobs: int
    regions: tuple[Region, ...]
    waits: tuple[str, ...]
    vitals: Vitals | None
