"""The operator's side: the files of a cluster, its secrets, the services on it, what it does, what it would need."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cluster.cli.machine import teller_for
from cluster.cli.output import Json, answer, table
from cluster.client.session import stranger
from cluster.config import load, own_environment
from cluster.demo.drill import Drill
from cluster.demo.world import fresh_person
from cluster.errors import BadSettings
from cluster.launch import tell_along
from cluster.node import secrets as node_secrets
from cluster.topology.files import stale, write
from cluster.topology.model import Site

SiteFile = Annotated[Path, typer.Option("--site", help="What stands where; see deploy/site.toml.")]


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    for command in (deploy, drill, cluster_files, cluster_secrets):
        app.command()(command)


def deploy(json: Json = False) -> None:
    """Install or update the services on the cluster this machine belongs to, replica by replica."""
    with tempfile.NamedTemporaryFile(prefix="pixreunion-deploy-", suffix=".log") as log:
        done = tell_along("cluster.deploy.application", [], own_environment(), Path(log.name), teller_for(json))
    rows = [(str(name), str(count)) for name, count in dict(done.get("replicas", {})).items()]  # type: ignore[call-overload]
    answer(json, done, table("Deployment", "Replicas", rows=rows))


def drill(
    train: Annotated[bool, typer.Option("--train", help="With a model of the person; takes minutes longer.")] = False,
    json: Json = False,
) -> None:
    """Let a synthetic person join the running service and leave it; fail when anything of them stays readable."""
    with stranger(load()) as api:
        done = Drill(api, fresh_person(), teller_for(json)).run(train)
    rows = [
        ("Request", done.request),
        ("Unreadable after", f"{done.unreadable_s:.1f} s"),
        ("Certified after", f"{done.certified_s:.1f} s"),
        ("Signed by key", done.key_id),
        ("Ids gone", str(done.ids_gone)),
    ]
    answer(json, done, table("", "", rows=rows))


def cluster_files(
    site: SiteFile = Path("deploy/site.toml"),
    out: Annotated[Path, typer.Option(help="Where cluster.yaml and deploy/ go.")] = Path(),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when a file is not up to date.")] = False,
    json: Json = False,
) -> None:
    """Write cluster.yaml and the files under deploy/ for your own site."""
    described = Site.read(site)
    if check:
        old = stale(described, out)
        if old:
            raise BadSettings(f"Not up to date: {', '.join(map(str, old))}.", "`pixreunion cluster-files` writes them.")
        answer(json, {"changed": []}, "All files are up to date.")
        return
    changed = [str(path) for path in write(described, out)]
    answer(json, {"changed": changed}, "\n".join(changed) or "All files are up to date.")


def cluster_secrets(
    folder: Annotated[Path, typer.Argument(help="Where they go; readable by you alone.")],
    host: Annotated[list[str] | None, typer.Option(help="A name or address of the API, for its certificate.")] = None,
    store: Annotated[bool, typer.Option("--store", help="Put them into AWS Secrets Manager.")] = False,
    site: SiteFile = Path("deploy/site.toml"),
    json: Json = False,
) -> None:
    """Draw the secrets of a cluster that are not there yet; with --store hand them to its nodes on AWS."""
    made = [path.name for path in node_secrets.draw(folder, host or [])]
    if store:
        aws = Site.read(site).aws
        node_secrets.store(folder, aws.region, aws.secret_prefix)
    answer(json, {"made": made}, f"Made: {', '.join(made) or 'nothing new'}.")
