"""`python -m benchmarks.scale [--devices 1000] [--picture day.svg] --json`

`simulation` runs a day through the policies of the real cluster against FIFO on two dedicated pools with the same
engines. `p99_wait_over_fifo` counts everybody who waits alike; pictures are a thousand times as many as trainings, so
both kinds are given beside it. `scaling_efficiency` is simulated too (`scaling_is_simulated`), over trainings: it shows
what the policies lose, not what a network or a database would. `cluster` is what `make test-cluster` measured last on
machines in namespaces of one computer (`var/rack.json`); `first_useful_step_s`, `recovery_s`, `jobs_lost` and
`jobs_doubled` are taken from it. What was not measured is null, and stands in `not_measured`.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.circumstances import machine
from cluster.simulation.day import Day, dedicated, shared
from cluster.simulation.drawing import draw
from cluster.simulation.fleet import Trainer
from cluster.simulation.model import World, trainings
from training.queue import FairShare, choose

RACK = Path("var/rack.json")
STEPS_A_REQUEST = 100


def simulation(world: World, picture: Path | None) -> dict[str, Any]:
    """The day, ours against the alternative."""
    ours, theirs = shared(world), dedicated(world)
    if picture is not None:
        picture.write_text(draw({"shared, by policy": ours, "dedicated pools, FIFO": theirs}))
    return {
        "devices": world.devices,
        "utilisation": ours.utilisation,
        "utilisation_fifo": theirs.utilisation,
        "p99_wait_over_fifo": overall_p99(ours, world) / max(world.tick_s, overall_p99(theirs, world)),
        "picture_p99_s": {"ours": ours.picture_p99_s, "fifo": theirs.picture_p99_s},
        "training_p99_s": {"ours": ours.training_p99_s, "fifo": theirs.training_p99_s},
        "jain_index": ours.jain_index,
        "jain_index_fifo": theirs.jain_index,
        "cost_per_picture_over_fifo": ours.cost_per_picture / theirs.cost_per_picture,
        "cost_per_training_over_fifo": ours.cost_per_training / theirs.cost_per_training,
        "trainings_given_back": ours.preempted,
    }


def overall_p99(day: Day, world: World) -> float:
    """Of all who wait. Trainings are fewer than one in a hundred here, or the two cannot be put together this way."""
    assert world.jobs < 0.01 * world.steps / STEPS_A_REQUEST
    return day.picture_p99_s


def scaling(world: World) -> dict[str, float]:
    """Trainings per device and second with 1, 2 and 4 devices, each with its own load, over those with one."""
    rates = {count: _rate(replace(world, jobs=40 * count), count) for count in (1, 2, 4)}
    return {str(count): rate / rates[1] for count, rate in rates.items()}


def _rate(world: World, devices: int) -> float:
    """Device seconds of trainings done per second of a device while all devices have work."""
    trainer = Trainer(world, choose, FairShare(quota=world.jobs))
    jobs = [replace(job, at=0.0) for job in trainings(world)]
    for job in jobs:
        trainer.arrive(job)
    trainer.resize(devices, devices, 0.0)
    now = 0.0
    while trainer.busy == devices or now == 0.0:
        trainer.run(now)
        now += world.tick_s
    done = sum(job.gpu_seconds for job in jobs) - sum(sum(each.left.values()) for each in trainer.groups.values())
    return done / (now * devices)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Every field of the report."""
    share = options.devices / World().devices
    whole = World()
    world = replace(
        whole,
        devices=options.devices,
        jobs=int(whole.jobs * share),
        steps=whole.steps * share,
        accounts=max(1, int(whole.accounts * share)),
    )
    seen = json.loads(RACK.read_text()) if RACK.exists() else {}
    return {"machine": machine(), **measured_on_the_rack(seen)} | {
        "scaling_efficiency": scaling(whole),
        "scaling_is_simulated": True,
        "simulation": simulation(world, options.picture),
    }


def measured_on_the_rack(seen: Mapping[str, Any]) -> dict[str, Any]:
    """`seen`: what the cluster's tests noted."""
    recovery, jobs = seen.get("recovery_s"), seen.get("jobs", {})
    fields = {
        "first_useful_step_s": seen.get("first_useful_step_s"),
        "recovery_s": recovery,
        "recovery_s_max": max(recovery.values()) if recovery else None,
        "jobs_lost": jobs.get("lost"),
        "jobs_doubled": jobs.get("doubled"),
    }
    return fields | {"cluster": dict(seen), "not_measured": [name for name, value in fields.items() if value is None]}


def main(given: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--devices", type=int, default=World().devices)
    parser.add_argument("--picture", type=Path, help="where the drawing of the day goes (SVG)")
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of an indented report")
    options = parser.parse_args(given)
    print(json.dumps(measure(options), indent=None if options.json else 2))


if __name__ == "__main__":
    main(sys.argv[1:])
