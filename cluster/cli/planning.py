"""What a service would need: nodes and cost."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from cluster.cli.output import Json, answer, table
from cluster.errors import BadSettings
from cluster.planning.gpus import PEAK, estimated
from cluster.planning.plan import Figures, Load, Prices
from cluster.planning.plan import answer as answer_plan
from cluster.topology.model import GpuClass


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.command()(plan)


def plan(
    users: Annotated[int, typer.Option(min=1)],
    gpu: Annotated[GpuClass, typer.Option(help="Estimated figures of a class of device.")] = GpuClass.L40S,
    figures: Annotated[
        Path | None, typer.Option(help="Better: what your device does, as JSON; measured by `make bench` on it.")
    ] = None,
    pictures: Annotated[float, typer.Option(help="Per user and day.", min=0)] = 10.0,
    trainings: Annotated[float, typer.Option(help="Per user and day.", min=0)] = 0.1,
    photos: Annotated[float, typer.Option(help="Per training.", min=0)] = 10.0,
    price: Annotated[float, typer.Option(help="Of a device's node, per hour.")] = 1.0,
    spot_price: Annotated[float | None, typer.Option(help="The same on the spot market; none: no spot nodes.")] = None,
    utilisation: Annotated[float, typer.Option(min=0.1, max=1.0)] = 0.9,
    json: Json = False,
) -> None:
    """Count the nodes a service needs and what a day costs, from measured figures."""
    known = read_figures(figures) if figures else _estimated(gpu)
    prices = Prices(on_demand=price, spot=spot_price or price)
    load = Load(users=users, pictures=pictures, trainings=trainings, photos=photos)
    made = answer_plan(load, known, prices, utilisation)
    rows = [
        ("Devices at the peak", str(made.peak)),
        ("… in dedicated pools", str(made.dedicated_peak)),
        ("Nodes to allow", str(made.nodes)),
        ("Device hours a day", f"{made.device_hours:.1f}"),
        ("Cost a day", f"{made.cost_per_day:.2f}"),
        ("… in dedicated pools", f"{made.dedicated_cost_per_day:.2f}"),
        ("Cost of a picture", f"{made.cost_per_picture:.5f}"),
        ("Cost of a training", f"{made.cost_per_training:.4f}"),
        ("Figures", f"{known.source}{'' if known.measured else ' (estimated)'}"),
    ]
    answer(json, made, table("", known.device, rows=rows))


def read_figures(path: Path) -> Figures:
    """Raises BadSettings naming every wrong value."""
    try:
        return Figures.model_validate_json(path.read_bytes())
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise BadSettings(f"{path}: {'; '.join(wrong)}.", "It has the fields of cluster/planning/plan.py.") from error


def _estimated(gpu: GpuClass) -> Figures:
    if gpu not in PEAK:
        raise BadSettings(f"There are no estimates for {gpu.value}.", "Measure it, and name the figures.")
    return estimated(gpu)
