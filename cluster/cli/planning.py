"""What a service would need: nodes and cost, and a simulated day of a large cluster."""

from pathlib import Path
from typing import Annotated

import typer

from cluster.cli.output import Json, answer, table
from cluster.planning.plan import Figures, Load, Prices
from cluster.planning.plan import answer as answer_plan


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.command()(plan)


def plan(
    figures: Annotated[Path, typer.Option(help="What a device does, as JSON; measured by `make bench` on it.")],
    users: Annotated[int, typer.Option(min=1)],
    pictures: Annotated[float, typer.Option(help="Per user and day.", min=0)] = 10.0,
    trainings: Annotated[float, typer.Option(help="Per user and day.", min=0)] = 0.1,
    price: Annotated[float, typer.Option(help="Of a device's node, per hour.")] = 1.0,
    spot_price: Annotated[float | None, typer.Option(help="The same on the spot market; none: no spot nodes.")] = None,
    utilisation: Annotated[float, typer.Option(min=0.1, max=1.0)] = 0.9,
    json: Json = False,
) -> None:
    """Count the nodes a service needs and what a day costs, from measured figures."""
    known = Figures.model_validate_json(figures.read_bytes())
    prices = Prices(on_demand=price, spot=spot_price or price)
    load = Load(users=users, pictures=pictures, trainings=trainings)
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
