"""`python -m benchmarks.scale [--devices 1000] [--picture day.svg] [--sweep] [--waits waits.svg] --json`

`simulation` runs a day through the policies of the real cluster against FIFO on two dedicated pools with the same
engines. `p99_wait_over_fifo` is over all work: pictures and trainings weigh as many device seconds as they need, so
that neither kind hides behind the other's number; each kind has its ratio and its seconds beside it. `sweep` has the
same for other loads and mixes.

`scaling_efficiency` is simulated too (`scaling_is_simulated`), over trainings: it shows what the policies lose, not
what a network or a database would. `cluster` is what `make test-cluster` measured last on machines in namespaces of one
computer (`var/rack.json`); `first_useful_step_s`, `recovery_s`, `jobs_lost` and `jobs_doubled` are taken from it. What
was not measured is null, and stands in `not_measured`.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.circumstances import machine
from cluster.capacity.policy import CapacityPolicy
from cluster.simulation.day import Day, dedicated, shared
from cluster.simulation.drawing import draw, draw_waits
from cluster.simulation.fleet import Trainer
from cluster.simulation.model import World, trainings
from cluster.simulation.sweep import at_load, best_fixed, by_load, by_mix, with_pictures
from training.config import PoolSettings
from training.queue import FairShare, choose

RACK = Path("var/rack.json")


def simulation(world: World, picture: Path | None) -> dict[str, Any]:
    """The day, ours against the alternative."""
    ours, theirs = shared(world), dedicated(world)
    if picture is not None:
        picture.write_text(draw({"shared, by policy": ours, "dedicated pools, FIFO": theirs}))
    return compared(ours, theirs, world) | {"devices": world.devices}


def compared(ours: Day, theirs: Day, world: World) -> dict[str, Any]:
    """A wait is decided once a tick: one that is shorter counts as a tick in what it is compared with."""

    def over(mine: float, other: float) -> float:
        return mine / max(world.tick_s, other)

    return {
        "utilisation": ours.utilisation,
        "utilisation_fifo": theirs.utilisation,
        "p99_wait_over_fifo": over(ours.work_p99_s, theirs.work_p99_s),
        "picture_p99_wait_over_fifo": over(ours.picture_p99_s, theirs.picture_p99_s),
        "training_p99_wait_over_fifo": over(ours.training_p99_s, theirs.training_p99_s),
        "all_work_p99_s": {"ours": ours.work_p99_s, "fifo": theirs.work_p99_s},
        "picture_p99_s": {"ours": ours.picture_p99_s, "fifo": theirs.picture_p99_s},
        "training_p99_s": {"ours": ours.training_p99_s, "fifo": theirs.training_p99_s},
        "trained_after_p50_s": {"ours": ours.training_done_p50_s, "fifo": theirs.training_done_p50_s},
        "trained_after_p99_s": {"ours": ours.training_done_p99_s, "fifo": theirs.training_done_p99_s},
        "jain_index": ours.jain_index,
        "jain_index_fifo": theirs.jain_index,
        "device_hours": {"ours": ours.paid_s / 3600, "fifo": theirs.paid_s / 3600},
        "cost_per_picture_over_fifo": ours.cost_per_picture / theirs.cost_per_picture,
        "cost_per_training_over_fifo": ours.cost_per_training / theirs.cost_per_training,
        "trainings_given_back": ours.preempted,
        "most_given_back": ours.most_given_back,
    }


def sweep(world: World, picture: Path | None) -> dict[str, Any]:
    """Other loads and mixes, fixed pools split as the day turned out, and our policies without what protects
    trainings."""
    loads = by_load(world)
    if picture is not None:
        picture.write_text(draw_waits(loads))
    split, best = best_fixed(world)
    bare = shared(world, CapacityPolicy(kept=0.0), PoolSettings(headroom=0.0))
    return {
        "by_load": {str(load): compared(both.ours, both.fifo, at_load(world, load)) for load, both in loads.items()},
        "by_picture_share": {
            str(mix): compared(both.ours, both.fifo, with_pictures(world, mix)) for mix, both in by_mix(world).items()
        },
        "best_fixed_split": {"serving": split, **_waits(best)},
        "without_headroom_and_kept": _waits(bare),
    }


def _waits(day: Day) -> dict[str, float]:
    return {
        "utilisation": day.utilisation,
        "all_work_p99_s": day.work_p99_s,
        "picture_p99_s": day.picture_p99_s,
        "training_p99_s": day.training_p99_s,
        "trainings_given_back": day.preempted,
    }


def scaling(world: World) -> dict[str, float]:
    """Trainings per device and second with 1, 2 and 4 devices, each with its own load, over those with one."""
    rates = {count: _rate(replace(world, jobs=40 * count), count) for count in (1, 2, 4)}
    return {str(count): rate / rates[1] for count, rate in rates.items()}


def _rate(world: World, devices: int) -> float:
    """Device seconds of trainings done per second of a device while all devices have work."""
    trainer = Trainer(world, choose, FairShare(quota=world.jobs))
    trainer.resize(devices, devices, 0.0)
    jobs = [replace(job, at=0.0) for job in trainings(world)]
    for job in jobs:
        trainer.arrive(job)
    now = 0.0
    while trainer.busy == devices:
        now += world.tick_s
        trainer.run(now)
    return (sum(job.gpu_seconds for job in jobs) - trainer.left_s(now)) / (now * devices)


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
        **({"sweep": sweep(world, options.waits)} if options.sweep else {}),
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
    parser.add_argument("--sweep", action="store_true", help="other loads and mixes too (a minute)")
    parser.add_argument("--waits", type=Path, help="where the drawing of the waits over the load goes (SVG)")
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of an indented report")
    options = parser.parse_args(given)
    print(json.dumps(measure(options), indent=None if options.json else 2))


if __name__ == "__main__":
    main(sys.argv[1:])
