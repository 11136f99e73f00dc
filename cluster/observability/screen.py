"""`pixreunion top` on a terminal: a look drawn as tables, the most urgent first."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cluster.observability.snapshot import Snapshot

_GOOD, _BAD, _QUIET = "green", "bold red", "dim"


def screen(seen: Snapshot) -> RenderableType:
    """The whole picture."""
    return Group(
        _people(seen),
        *[Text(f"  waits: {words}", style="yellow") for words in seen.waits],
        Text(),
        _serving(seen),
        Text(),
        _training(seen),
        Text(),
        _regions(seen),
        Text(),
        _nodes(seen),
    )


def _people(seen: Snapshot) -> Text:
    """Governance in two lines: erasures and deadlines are promises to people."""
    if seen.vitals is None:
        return Text("governance does not answer: nothing can be read, written or erased", style=_BAD)
    vitals = seen.vitals
    late = vitals.overdue_erasures or vitals.past_deadline
    left = "" if vitals.least_time_left_s is None else f", {_span(vitals.least_time_left_s)} left for the nearest"
    lines = Text(
        f"erasures: {vitals.open_erasures} open, {vitals.overdue_erasures} overdue{left}; "
        f"{vitals.past_deadline} artifacts past their deadline\n",
        style=_BAD if late else _GOOD,
    )
    leases = ", ".join(f"{count} {kind}" for kind, count in sorted(vitals.holders.items())) or "none"
    lines.append(
        f"leases: {leases}; {vitals.held} plaintexts held; audit log {vitals.audit_size} leaves; "
        f"epoch {vitals.epoch}, {_span(vitals.epoch_age_s)} old",
        style="",
    )
    if vitals.deliveries_due or vitals.notices_due:
        lines.append(
            f"\nto go out: {vitals.deliveries_due} webhooks' messages, {_span(vitals.delivery_late_s)} late; "
            f"{vitals.notices_due} letters, {_span(vitals.notice_late_s)} late",
            style="yellow",
        )
    return lines


def _serving(seen: Snapshot) -> Table:
    table = _table("Serving", "replicas", "queued steps")
    for each in seen.deployments:
        states = ", ".join(f"{count} {state.lower()}" for state, count in each.replicas.items() if count) or "none"
        steps = " ".join(f"{steps:.0f}" for steps in seen.queued_steps) if each.name == "generator" else ""
        table.add_row(each.name, states, steps)
    return table


def _training(seen: Snapshot) -> Table:
    table = _table(f"Training ({seen.queued_jobs} jobs wait)", "region", "workers", "pack", "ends in")
    for each in seen.groups:
        ends = _span(each.seconds_left) if each.jobs else ""
        table.add_row(each.name, each.region, str(each.workers), str(each.jobs), ends)
    return table


def _regions(seen: Snapshot) -> Table:
    table = _table("Region", "replicas", "groups", "room for groups", "devices starting", "devices idle")
    for each in seen.regions:
        numbers = (each.replicas, each.groups, each.room, each.starting, each.spare)
        table.add_row(each.name, *map(str, numbers))
    return table


def _nodes(seen: Snapshot) -> Table:
    table = _table("Node", "region", "pool", "GPU", "market", "CPUs", "GPUs")
    for each in seen.nodes:
        table.add_row(
            each.address, each.region, each.pool, each.gpu, each.market, f"{each.cpus:.0f}", f"{each.gpus:.0f}"
        )
    return table


def _table(*columns: str) -> Table:
    return Table(*columns, box=None, pad_edge=False, header_style="bold", border_style=_QUIET)


def _span(seconds: float) -> str:
    """A duration in the largest unit that says enough."""
    for name, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"
