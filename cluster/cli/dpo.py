"""The data-protection officer's side, with a token that has the scope `dpo`."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel

from cluster.cli.output import Json, answer, table
from cluster.client.rights import RightsApi
from cluster.client.session import signed_in_as
from cluster.config import load
from cluster.errors import ClusterError

dpo = typer.Typer(help="Requests and their clocks, breaches, takedowns, disclosures, reports.", no_args_is_help=True)
breach = typer.Typer(help="Personal data breaches: 72 hours to tell the authority.", no_args_is_help=True)
dpo.add_typer(breach, name="breach")


class AlarmsStand(ClusterError):
    """Clocks near their end, or have passed it."""


class PromisesBroken(ClusterError):
    """The report found something that is not as promised."""


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.add_typer(dpo, name="dpo")


def _officer() -> RightsApi:
    return signed_in_as(load(), RightsApi)


def _dumped(found: Sequence[BaseModel]) -> list[Any]:
    return [each.model_dump(mode="json") for each in found]


@dpo.command()
def queue(all_: Annotated[bool, typer.Option("--all", help="Answered ones too.")] = False, json: Json = False) -> None:
    """The requests of everybody, each with the day its answer is due."""
    with _officer() as api:
        found = api.queue(only_open=not all_)
    rows = [(each.id, each.right, each.state, f"{each.due_at:%Y-%m-%d}", each.subject) for each in found]
    answer(json, _dumped(found), table("Request", "Right", "State", "Due", "Person", rows=rows))


@dpo.command("answer")
def decide(
    request: str,
    outcome: Annotated[str, typer.Argument(help="fulfilled, partly-fulfilled, nothing-held, refused-…")],
    message: Annotated[str | None, typer.Option(help="Your words to the person.")] = None,
    json: Json = False,
) -> None:
    """Answer a request."""
    with _officer() as api:
        done = api.decide(request, outcome, message)
    answer(json, done, f"{done.id}: {done.state} ({done.outcome}).")


@dpo.command()
def extend(request: str, json: Json = False) -> None:
    """Take two further months for a request, once."""
    with _officer() as api:
        done = api.extend(request)
    answer(json, done, f"{done.id} is due on {done.due_at:%Y-%m-%d}.")


@dpo.command()
def alarms(json: Json = False) -> None:
    """Clocks that near or passed their end; exit status 1 when there is one."""
    with _officer() as api:
        found = api.alarms()
    rows = [(each.about, each.kind, each.stage, f"{each.due_at:%Y-%m-%d %H:%M}") for each in found]
    answer(json, _dumped(found), table("About", "Clock", "Stage", "Due", rows=rows))
    if found:
        raise AlarmsStand(
            f"{len(found)} clocks near or passed their end.", "`pixreunion dpo queue` shows the requests."
        )


@dpo.command()
def takedown(
    target: Annotated[str, typer.Argument(help="An account (sub_…) or one thing (art_…).")],
    reason: Annotated[str, typer.Option(help="child or unlawful")] = "child",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Remove a child's data: suspended at once, then erased with everything made from it."""
    if not yes:
        typer.confirm(f"Erase {target} with everything made from it for good?", abort=True)
    with _officer() as api:
        done = api.take_down(target, reason)
    answer(json, done, f"Nothing of it can be read any more. The erasure is {done.request}.")


@dpo.command()
def disclose(
    subject: str, recipient: str, basis: str, reference: str, kinds: Annotated[list[str], typer.Argument()],
    json: Json = False,
) -> None:  # fmt: skip
    """Record what was given to an authority: to whom, on what basis, in which case, which kinds of data."""
    record = {"subject": subject, "recipient": recipient, "basis": basis, "reference": reference, "kinds": kinds}
    with _officer() as api:
        done = api.disclose(record)
    answer(json, done, f"Recorded as {done.id}.")


@dpo.command()
def transfer(processor: str, subject: str, fields: Annotated[list[str], typer.Argument()], json: Json = False) -> None:
    """Record what was given to a processor."""
    with _officer() as api:
        done = api.transfer({"processor": processor, "subject": subject, "fields": fields})
    answer(json, done, f"Recorded as {done.id}.")


@dpo.command()
def hold(
    artifact: str,
    basis: Annotated[str, typer.Argument(help="A word such as bookkeeping-act.")],
    until: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"])],
    json: Json = False,
) -> None:
    """Keep one artifact for a legal duty until a day."""
    with _officer() as api:
        done = api.hold({"artifact": artifact, "basis": basis, "until": until.astimezone().isoformat()})
    answer(json, done, f"{done.id} keeps {done.artifact} until {done.until:%Y-%m-%d}.")


@dpo.command()
def release(hold: str) -> None:
    """End a hold; what was kept only because of it is erased."""
    with _officer() as api:
        api.release(hold)


@dpo.command()
def announce(
    version: str,
    text: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The policy's file, or the notice.")],
    transfer: Annotated[bool, typer.Option("--transfer", help="A transfer of the business, not a policy.")] = False,
    json: Json = False,
) -> None:
    """Tell everybody what takes effect in two weeks at the earliest."""
    with _officer() as api:
        done = api.announce(version, sha256(text.read_bytes()).hexdigest(), "transfer" if transfer else "policy")
    answer(json, done, f"{done.version} is announced; {done.waiting} notices wait to leave.")


@dpo.command()
def announcements(json: Json = False) -> None:
    """What was announced, and when it may take effect."""
    with _officer() as api:
        found = api.announcements()
    rows = [(one.version, one.kind, str(one.waiting), _day(one.earliest), _day(one.in_force_at)) for one in found]
    answer(json, _dumped(found), table("Version", "Kind", "Waiting", "Earliest", "In force", rows=rows))


@dpo.command()
def effect(version: str, json: Json = False) -> None:
    """Let an announced version take effect; refused until 14 days after the last notice left."""
    with _officer() as api:
        done = api.take_effect(version)
    answer(json, done, f"{done.version} is in force.")


@dpo.command()
def register(out: Annotated[Path | None, typer.Option(help="A file for it.")] = None, json: Json = False) -> None:
    """The register of processing (article 30)."""
    with _officer() as api:
        found = api.register()
    rows = [(each["purpose"], each["basis"], ", ".join(each["reads"])) for each in found["purposes"]]
    _told(json, found, out, rows, ("Purpose", "Basis", "Data"))


@dpo.command()
def report(out: Annotated[Path | None, typer.Option(help="A file for it.")] = None, json: Json = False) -> None:
    """The compliance report; exit status 1 when something is not as promised."""
    with _officer() as api:
        found = api.report()
    rows = [(name, str(value)) for name, value in found.items() if name != "events"]
    _told(json, found, out, rows, ("What", "Found"))
    if found["findings"]:
        raise PromisesBroken(", ".join(found["findings"]), "`pixreunion dpo alarms` and `dpo queue` show what to do.")


@breach.command("record")
def record_breach(
    reference: Annotated[str, typer.Argument(help="A word such as incident-12.")],
    risk: Annotated[str, typer.Option(help="unlikely, risk or high")],
    nature: Annotated[list[str], typer.Option(help="confidentiality, integrity or availability")],
    people: Annotated[int, typer.Option(min=0, help="How many are affected.")],
    kind: Annotated[list[str] | None, typer.Option(help="Kinds of data.")] = None,
    json: Json = False,
) -> None:
    """Start the clock."""
    given = {"reference": reference, "risk": risk, "nature": nature, "people": people, "kinds": kind or []}
    with _officer() as api:
        done = api.record_breach(given)
    answer(json, done, f"{done.id}: tell the authority before {done.due_at:%Y-%m-%d %H:%M}.")


@breach.command("list")
def list_breaches(json: Json = False) -> None:
    """All breaches, newest first."""
    with _officer() as api:
        found = api.breaches()
    rows = [(each.id, each.reference, each.risk, each.state, f"{each.due_at:%Y-%m-%d %H:%M}") for each in found]
    answer(json, _dumped(found), table("Breach", "Reference", "Risk", "State", "Due", rows=rows))


@breach.command("step")
def advance_breach(
    breach: str,
    step: Annotated[str, typer.Argument(help="notify-authority, tell-people or close")],
    late_reason: Annotated[str | None, typer.Option(help="A word, needed after 72 hours.")] = None,
    json: Json = False,
) -> None:
    """Record what was done about it."""
    with _officer() as api:
        done = api.advance_breach(breach, step, late_reason)
    answer(json, done, f"{done.id} is {done.state}.")


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""


def _told(
    json: bool, found: dict[str, Any], out: Path | None, rows: Sequence[tuple[str, ...]], columns: tuple[str, ...]
) -> None:
    if out is not None:
        out.write_text(_pretty(found))
    answer(json, found, table(*columns, rows=rows))


def _pretty(found: dict[str, Any]) -> str:
    return dumps(found, indent=2) + "\n"
