"""The token of whoever uses the command line here, in a file that its owner alone can read."""

import ssl
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, SecretStr

from cluster.client.api import Api
from cluster.client.errors import NotSignedIn
from cluster.config import Settings
from cluster.errors import BadSettings
from cluster.home import Home
from cluster.ports import LOOPBACK, Port, PortBlock
from cluster.secrets import write_private

A = TypeVar("A", bound=Api)


class Session(BaseModel):
    """Signed in where, and the token."""

    model_config = ConfigDict(frozen=True)

    url: str
    token: SecretStr


def session_file(settings: Settings) -> Path:
    return settings.home.expanduser() / "session.json"


def remember(settings: Settings, url: str, token: str) -> None:
    path = session_file(settings)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(path, f'{{"url": "{url}", "token": "{token}"}}')


def make_room(settings: Settings) -> None:
    """Raises DiskUnusable when a token could not be kept: better known before one is asked for."""
    Home(settings.home.expanduser()).prove_writable()


def forget(settings: Settings) -> None:
    session_file(settings).unlink(missing_ok=True)


def service_url(settings: Settings) -> str:
    """The address set, else that of the installation on this machine."""
    return settings.client.url or f"http://{LOOPBACK}:{PortBlock(settings.port_base)[Port.INGRESS]}"


def stranger(settings: Settings) -> Api:
    """A client without a token, to sign up or in."""
    return Api(service_url(settings), timeout_s=settings.client.timeout_s, trust=trust(settings))


def signed_in(settings: Settings) -> Api:
    """A client with the token set or remembered. Raises NotSignedIn."""
    return signed_in_as(settings, Api)


def signed_in_as(settings: Settings, kind: type[A]) -> A:
    """The same as another kind of client. Raises NotSignedIn; a token is never sent to another address."""
    url = service_url(settings)
    if settings.client.token is not None:
        return kind(url, settings.client.token.get_secret_value(), settings.client.timeout_s, trust=trust(settings))
    try:
        session = Session.model_validate_json(session_file(settings).read_text())
    except FileNotFoundError:
        session = None
    if session is None or session.url != url:
        raise NotSignedIn(
            f"You are not signed in at {url}.", "`pixreunion account create` or `pixreunion account login` first."
        )
    return kind(url, session.token.get_secret_value(), settings.client.timeout_s, trust=trust(settings))


def trust(settings: Settings) -> ssl.SSLContext | None:
    """Who may sign the API's certificate; None: the public authorities. Raises BadSettings."""
    if settings.client.authority is None:
        return None
    try:
        return ssl.create_default_context(cafile=str(settings.client.authority))
    except OSError as error:
        raise BadSettings(
            f"{settings.client.authority} is no authority's certificate: {error.strerror or error}.",
            "Name it in PIXREUNION_CLIENT__AUTHORITY.",
        ) from error
