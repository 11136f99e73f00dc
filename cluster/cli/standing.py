"""Passwords and the address's confirmation; who works as what."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cluster.cli.output import Json, answer
from cluster.cli.person import Email, account
from cluster.client.session import service_url, signed_in_as
from cluster.client.standing import StandingApi
from cluster.compose import secrets_folder
from cluster.config import load
from cluster.errors import BadSettings
from cluster.home import Home
from governance.model import Role
from serve_apps.ingress.secrets import load_secret

NewPassword = Annotated[
    str, typer.Option("--new-password", prompt=True, hide_input=True, confirmation_prompt=True, help="Ten characters.")
]
_PASS_LASTS = timedelta(minutes=1)


def add_to(app: typer.Typer) -> None:
    """Adds these commands to the program."""
    app.command()(staff)


@account.command("confirm")
def confirm(code: Annotated[str, typer.Argument(help="From the e-mail.")], json: Json = False) -> None:
    """Say that your address is yours."""
    with StandingApi(service_url(load())) as api:
        api.confirm(code)
    answer(json, {"confirmed": True}, "Your address is confirmed.")


@account.command("password")
def change_password(
    current: Annotated[str, typer.Option(prompt="Current password", hide_input=True, envvar="PIXREUNION_PASSWORD")],
    new_password: NewPassword,
    json: Json = False,
) -> None:
    """Change your password; every other session and every API key ends."""
    with signed_in_as(load(), StandingApi) as api:
        api.change_password(current, new_password)
    answer(json, {"changed": True}, "Your password is changed.")


@account.command("forgot")
def forgot_password(email: Email, json: Json = False) -> None:
    """Get an e-mail with a code for a new password."""
    with StandingApi(service_url(load())) as api:
        api.forgot_password(email)
    answer(json, {"asked": True}, "If there is such an account, a code is on its way. Then `pixreunion account reset`.")


@account.command("reset")
def reset_password(
    code: Annotated[str, typer.Argument(help="From the e-mail.")], new_password: NewPassword, json: Json = False
) -> None:
    """Set a new password with the code from the e-mail."""
    with StandingApi(service_url(load())) as api:
        api.reset_password(code, new_password)
    answer(json, {"changed": True}, "Your password is changed; sign in with `pixreunion account login`.")


def staff(
    email: Annotated[str, typer.Argument(help="Of an account that exists.")],
    role: Annotated[Role, typer.Argument(help="`client` takes every other role away.")],
    json: Json = False,
) -> None:
    """Give somebody a role; on a machine that holds the installation's secret."""
    settings = load()
    path = secrets_folder(settings, Home(settings.home)) / "service.secret"
    try:
        pass_ = load_secret(path).operators_pass(datetime.now(UTC) + _PASS_LASTS)
    except OSError as error:
        raise BadSettings(f"{path} cannot be read.", "Run this on a machine of the installation.") from error
    with StandingApi(service_url(settings), pass_) as api:
        done = api.appoint(email, role)
    answer(json, done, f"{done.id} is {done.role} now.")
