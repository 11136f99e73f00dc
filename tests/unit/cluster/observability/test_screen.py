from io import StringIO

import pytest
from rich.console import Console

from cluster.observability.screen import screen
from cluster.observability.snapshot import Deployment, Group, Node, Region, Snapshot
from governance.vitals import Vitals

VITALS = Vitals(2, 0, 30.0, 600_000.0, 0, 1234, 3, 7200.0, 1, {"generator": 2, "ingress": 1}, 5, {}, 3, 700.0)
SEEN = Snapshot(
    nodes=(Node(address="10.0.0.7", region="eu", pool="shared", gpu="l40s", market="spot", cpus=8, gpus=1),),
    deployments=(
        Deployment(name="generator", replicas={"RUNNING": 2, "STARTING": 1, "STOPPING": 0}),
        Deployment(name="ingress", replicas={}),
    ),
    queued_steps=(120.0, 40.0),
    groups=(Group(name="pool-1", region="eu", workers=1, jobs=6, seconds_left=95.0),),
    queued_jobs=4,
    regions=(Region(name="eu", replicas=3, groups=1, room=1, spare=0, starting=2),),
    waits=("1 serving in eu: a node is being started for it",),
    vitals=VITALS,
)


def drawn(seen: Snapshot) -> str:
    with StringIO() as file:
        Console(file=file, width=120).print(screen(seen))
        return file.getvalue()


@pytest.mark.parametrize(
    "words",
    [
        "2 open, 0 overdue, 7 d left for the nearest",
        "2 generator, 1 ingress",
        "1234 leaves; epoch 3, 2 h old",
        "2 running, 1 starting",
        "120 40",
        "4 jobs wait",
        "95 s",
        "a node is being started for it",
        "3 webhooks' messages, 12 min late",
        "10.0.0.7",
        "spot",
    ],
)
def test_it_tells(words: str) -> None:
    assert words in drawn(SEEN)


def test_a_governance_that_is_away_is_told_first() -> None:
    assert drawn(SEEN.model_copy(update={"vitals": None})).startswith("governance does not answer")


def test_a_look_comes_back_from_its_json_as_it_was() -> None:
    assert Snapshot.model_validate_json(SEEN.model_dump_json()) == SEEN
