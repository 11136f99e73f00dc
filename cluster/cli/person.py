"""The person's side: thin clients of the HTTP API."""

import os
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from cluster.cli.output import Json, answer, console, table
from cluster.client.api import Api, pictures
from cluster.client.session import forget, make_room, remember, service_url, session_file, signed_in, stranger
from cluster.config import load
from cluster.errors import BadSettings, ClusterError, DiskUnusable, NotRunning
from governance.audit.errors import CertificateError
from governance.audit.verify import verify as verify_certificate
from serve_apps.ingress.schemas.lineage import LineageFormat
from serve_apps.ingress.schemas.requests import RequestAnswer
from serve_apps.ingress.schemas.trainings import TrainingAnswer
from training.errors import InvalidJob
from training.knobs import knobs

POLL_S = 0.5
_SCANS = {
    True: "A scan found no traces.",
    False: "Its scan found traces, or could not read everything.",
    None: "No scan is part of it: `pixreunion scan` looks for what you name.",
}
_FINISHED = frozenset({"succeeded", "failed", "canceled"})

account = typer.Typer(help="Make an account, sign in and out, see what is kept of you.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.add_typer(account, name="account")
    for command in (upload, train, generate, lineage, erase, verify):
        app.command()(command)


# -- account -----------------------------------------------------------------------------------------------------

Email = Annotated[str, typer.Option(prompt=True, help="Your e-mail address.")]
Password = Annotated[
    str, typer.Option(prompt=True, hide_input=True, envvar="PIXREUNION_PASSWORD", help="At least ten characters.")
]


@account.command("create")
def create_account(
    name: Annotated[str, typer.Option(prompt=True, help="Your name.")],
    email: Email,
    born: Annotated[datetime, typer.Option(prompt="Date of birth", formats=["%Y-%m-%d"])],
    password: Password,
    region: Annotated[str | None, typer.Option(help="Where your data stay.")] = None,
    json: Json = False,
) -> None:
    """Make an account and sign in. The date of birth is checked and not kept."""
    settings = load()
    make_room(settings)
    with stranger(settings) as api:
        made = api.sign_up(name, email, password, born.date(), region)
        remember(settings, service_url(settings), api.sign_in(email, password))
    answer(json, made, f"Account {made.id}; you are signed in.")


@account.command("login")
def login(email: Email, password: Password, json: Json = False) -> None:
    """Sign in; the tokens are kept in a file that you alone can read, and renewed while you come back."""
    settings = load()
    make_room(settings)
    with stranger(settings) as api:
        token = api.sign_in(email, password)
        remember(settings, service_url(settings), token)
    answer(json, {"expires_at": token.expires_at, "scopes": token.scopes}, f"Signed in until {token.expires_at:%c}.")


@account.command("logout")
def logout(json: Json = False) -> None:
    """Forget the token."""
    forget(load())
    answer(json, {"signed_in": False}, "Signed out.")


@account.command("show")
def show_account(json: Json = False) -> None:
    """What is kept of you: the account and every photo, model and picture."""
    with signed_in(load()) as api:
        mine, held = api.account(), list(api.artifacts())
    rows = [(each.id, each.kind, each.state, f"{each.deadline:%Y-%m-%d}" if each.deadline else "") for each in held]
    document = {"account": mine.model_dump(mode="json"), "artifacts": [each.model_dump(mode="json") for each in held]}
    answer(json, document, table(f"{mine.name} ({mine.status})", "Kind", "State", "Erased by", rows=rows))


# -- photos, models, pictures ------------------------------------------------------------------------------------


def upload(
    photos: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True)], json: Json = False
) -> None:
    """Upload photos; they are stripped of metadata before they are kept."""
    with signed_in(load()) as api:
        kept = api.upload_files(photos)
    document = [each.model_dump(mode="json") for each in kept]
    answer(json, document, table("Photo", "Bytes", rows=[(each.id, str(each.size)) for each in kept]))


def train(
    photos: Annotated[list[str] | None, typer.Argument(help="Ids of photos; none means all of yours.")] = None,
    preset: Annotated[str, typer.Option(help="fast, balanced or quality")] = "balanced",
    settings: Annotated[list[str] | None, typer.Option("--set", help="A knob, such as steps=300; repeat it.")] = None,
    wait: Annotated[bool, typer.Option(help="Follow it to its end.")] = True,
    json: Json = False,
) -> None:
    """Train a model of your own."""
    try:
        recipe = knobs(settings or [])
    except InvalidJob as error:
        raise BadSettings(f"{error}.", "The service's /openapi.json lists the knobs.") from None
    with signed_in(load()) as api:
        chosen = photos or [each.id for each in api.artifacts("photo")]
        training = api.train(chosen, preset, recipe=recipe)
        if wait:
            training = _follow(api, training, quiet=json)
    answer(json, training, f"Training {training.id}: {training.state}. Model: {training.model or '-'}")
    if wait and training.state != "succeeded":
        raise ClusterError(f"The training {training.state} ({training.error}).", "Try again, or with other photos.")


def generate(
    prompt: str,
    model: Annotated[str | None, typer.Option(help="Your model; without it the base model.")] = None,
    n: Annotated[int, typer.Option(help="How many pictures.", min=1)] = 1,
    size: Annotated[str | None, typer.Option(help="One of the base model's sizes.")] = None,
    seed: Annotated[int | None, typer.Option(help="Makes the pictures repeatable.")] = None,
    out: Annotated[Path, typer.Option(help="Where the PNG files go.")] = Path(),
    json: Json = False,
) -> None:
    """Make pictures and write them as PNG files."""
    given = {"n": n, "size": size, "seed": seed}
    with signed_in(load()) as api:
        made = api.generate(prompt, model, **{name: value for name, value in given.items() if value is not None})
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for data, png in zip(made.data, pictures(made), strict=True):
        path = out / f"{data.artifact}.png"
        path.write_bytes(png)
        written.append({"artifact": data.artifact, "seed": data.seed, "file": str(path)})
    answer(json, written, "\n".join(str(each["file"]) for each in written))


def lineage(
    artifact: str,
    format: Annotated[LineageFormat, typer.Option(help="A document, or a drawing as svg or png.")] = LineageFormat.JSON,
    out: Annotated[Path | None, typer.Option(help="A file for it instead of the screen.")] = None,
) -> None:
    """Which photos something is made from, and what came of it."""
    with signed_in(load()) as api:
        document = api.lineage(artifact, format)
    if out is not None:
        out.write_bytes(document)
        console.print(f"Written to {out}.")
    elif format is LineageFormat.PNG:
        raise BadSettings("A picture cannot be shown here.", "Name a file with --out.")
    else:
        typer.echo(document.decode())


# -- erasure -----------------------------------------------------------------------------------------------------


def erase(
    artifact: Annotated[str | None, typer.Argument(help="One photo, model or picture; without it the account.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    certificate: Annotated[Path | None, typer.Option(help="Where the certificate goes.")] = None,
    timeout_s: Annotated[float, typer.Option(help="How long to wait for the certificate.")] = 120.0,
    json: Json = False,
) -> None:
    """Erase one thing with all that was made from it, or the account with everything; keeps the certificate."""
    settings = load()
    _check_place(certificate)
    if not yes:
        what = artifact or "your account with everything in it"
        typer.confirm(f"Erase {what} for good?", abort=True)
    with signed_in(settings) as api:
        request = api.erase(artifact) if artifact else api.erase_account()
        request = await_completion(api, request, timeout_s)
        path = certificate or Path(f"{request.id}.certificate.json")
        path.write_bytes(api.certificate(request.id))
    if artifact is None:
        session_file(settings).unlink(missing_ok=True)
    document = request.model_dump(mode="json") | {"certificate_file": str(path)}
    answer(json, document, f"Erased: {sum(request.counts.values())} things. Certificate: {path}")


def verify(
    certificate: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    key: Annotated[str | None, typer.Option(help="The public key or key id that you trust.")] = None,
    json: Json = False,
) -> None:
    """Check an erasure's certificate, offline."""
    try:
        checked = verify_certificate(certificate.read_bytes(), trusted_key=key)
    except CertificateError as error:
        raise BadSettings(
            f"{certificate} is not a valid certificate: {error}", "Get it again from the service."
        ) from error
    document = {"valid": True, "key_id": checked.key_id, "trusted": checked.trusted, "clean": checked.clean}
    trust = "the key you named" if checked.trusted else "a key you did not name; compare it with the service's own"
    answer(json, document, f"Valid. Signed by {checked.key_id} ({trust}). {_SCANS[checked.clean]}")


def _check_place(certificate: Path | None) -> None:
    """Before anything is erased: the certificate must have somewhere to go."""
    folder = (certificate or Path("here")).absolute().parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise DiskUnusable(f"The certificate cannot be written to {folder}.", "Name another file with --certificate.")


def await_completion(api: Api, request: RequestAnswer, timeout_s: float) -> RequestAnswer:
    """Polls until the erasure is certified. Raises NotRunning when it takes longer than `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while request.completed_at is None:
        if time.monotonic() > deadline:
            raise NotRunning(
                f"The erasure {request.id} is {request.state} after {timeout_s:.0f} s.",
                "Nothing can be read any more; the certificate follows. Ask again later.",
            )
        time.sleep(POLL_S)
        request = api.request(request.id)
    return request


def _follow(api: Api, training: TrainingAnswer, quiet: bool) -> TrainingAnswer:
    """Shows the progress until the training ends; Ctrl-C leaves it running."""
    with Progress(console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task("queued", total=1.0)
        while training.state not in _FINISHED:
            place = "" if training.queue_position is None else f" (place {training.queue_position})"
            progress.update(task, completed=training.progress, description=f"{training.state}{place}")
            time.sleep(POLL_S)
            training = api.training(training.id)
    return training
