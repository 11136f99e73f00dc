"""One machine's side of a cluster: what `ray up` and Kubernetes call on each node."""

import ssl
import subprocess
from pathlib import Path
from typing import Annotated

import httpx
import typer

from cluster.cli.output import Json, answer
from cluster.errors import BadSettings, NotRunning, PartFailed
from cluster.node import secrets as node_secrets
from cluster.node import start as node_start
from cluster.node.config import launcher_environment, load_node
from cluster.node.environment import joined_environment

node = typer.Typer(help="This machine as part of a cluster.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.add_typer(node, name="node")


@node.command("start")
def start(
    head: Annotated[bool, typer.Option("--head", help="Start the cluster's head.")] = False,
    address: Annotated[str | None, typer.Option(help="The head to join.")] = None,
    autoscaling_config: Annotated[Path | None, typer.Option(help="For the head: what starts workers.")] = None,
    json: Json = False,
) -> None:
    """Start Ray here, with token, certificate and fixed ports."""
    if head == (address is not None):
        raise typer.BadParameter("give either --head or --address")
    role = node_start.Head(autoscaling_config) if address is None else node_start.Worker(address)
    own = node_start.start(load_node(), role, launcher_environment())
    answer(json, {"address": own}, f"Ray runs on {own}.")


@node.command("stop")
def stop(json: Json = False) -> None:
    """End every Ray process of this node."""
    if not node_start.stop(load_node()):
        raise PartFailed("Some of Ray's processes do not end.", "Try again, or restart the machine.")
    answer(json, {"stopped": True}, "Ray is stopped here.")


@node.command("run", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def run(command: Annotated[list[str], typer.Argument(help="A program and its arguments.")]) -> None:
    """Run a program as part of the cluster: `ray status`, `ray job submit`, `pixreunion top`."""
    surroundings = joined_environment(load_node())
    try:
        done = subprocess.run(command, env=surroundings, check=False)
    except FileNotFoundError as error:
        raise BadSettings(f"There is no program {command[0]}.", "Give its whole path.") from error
    raise typer.Exit(done.returncode)


@node.command("secrets")
def fetch_secrets(
    region: Annotated[str, typer.Option(help="AWS's region.")],
    prefix: Annotated[str, typer.Option(help="What the secrets' names begin with.")],
    endpoint: Annotated[str | None, typer.Option(help="Another address of the service.")] = None,
    json: Json = False,
) -> None:
    """Fetch this cluster's secrets from AWS Secrets Manager with the node's role."""
    found = node_secrets.fetch(load_node().secrets, region, prefix, endpoint)
    answer(json, {"secrets": found}, f"{len(found)} secrets fetched.")


@node.command("certificate")
def certificate(json: Json = False) -> None:
    """Draw this node's key and have it signed by the cluster's authority."""
    settings = load_node()
    own = node_start.own_address(settings)
    node_start.certify(settings, own)
    answer(json, {"address": own}, f"Certificate for {own}.")


@node.command("healthy")
def healthy(url: Annotated[str, typer.Option(help="The API's health address.")]) -> None:
    """Exit with status 0 when the API on this node answers."""
    settings = load_node()
    authority = settings.secrets / "ca.crt"
    trust = ssl.create_default_context(cafile=str(authority)) if authority.exists() else ssl.create_default_context()
    try:
        status = httpx.get(url, timeout=3.0, trust_env=False, verify=trust).status_code
    except httpx.HTTPError as error:
        raise NotRunning(f"Nobody answers at {url} ({type(error).__name__}).", "Look at `ray status`.") from error
    if status != httpx.codes.OK:
        raise NotRunning(f"{url} answers {status}.", "Look at `pixreunion top`.")
