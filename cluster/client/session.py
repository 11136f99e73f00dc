"""The tokens of whoever uses the command line here, in a file that its owner alone can read.

An access token that is about to end is renewed with the refresh token before it is used, so that nobody has to sign in
anew while they come back now and then.
"""

import json
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from cluster.client.api import Api
from cluster.client.errors import ApiError, NotSignedIn
from cluster.config import Settings
from cluster.errors import BadSettings
from cluster.home import Home
from cluster.ports import LOOPBACK, Port, PortBlock
from cluster.secrets import write_private
from serve_apps.ingress.schemas.accounts import TokenAnswer

A = TypeVar("A", bound=Api)

EARLY = timedelta(minutes=2)
"""A token that ends sooner than this is renewed before a command uses it."""
_UNAUTHORIZED = 401


class Session(BaseModel):
    """Signed in where, the token and until when it is good, and what brings the next one."""

    model_config = ConfigDict(frozen=True)

    url: str
    token: SecretStr
    expires_at: datetime
    refresh_token: SecretStr | None

    @property
    def ends_soon(self) -> bool:
        return self.expires_at - EARLY <= datetime.now(UTC)


def session_file(settings: Settings) -> Path:
    return settings.home.expanduser() / "session.json"


def remember(settings: Settings, url: str, tokens: TokenAnswer) -> Session:
    """Keeps what a sign-in brought."""
    path = session_file(settings)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = {
        "url": url,
        "token": tokens.access_token,
        "expires_at": tokens.expires_at.isoformat(),
        "refresh_token": tokens.refresh_token,
    }
    write_private(path, json.dumps(kept))
    return Session.model_validate(kept)


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
    session = _remembered(settings, url)
    if session.ends_soon and session.refresh_token is not None:
        session = _renewed(settings, url, session.refresh_token)
    return kind(url, session.token.get_secret_value(), settings.client.timeout_s, trust=trust(settings))


def _remembered(settings: Settings, url: str) -> Session:
    try:
        session = Session.model_validate_json(session_file(settings).read_text())
    except (FileNotFoundError, ValidationError):
        session = None
    if session is None or session.url != url:
        raise NotSignedIn(
            f"You are not signed in at {url}.", "`pixreunion account create` or `pixreunion account login` first."
        )
    return session


def _renewed(settings: Settings, url: str, refresh_token: SecretStr) -> Session:
    """Commands that run at the same moment get the same new tokens: `Api.refresh` is safe to repeat."""
    with stranger(settings) as api:
        try:
            return remember(settings, url, api.refresh(refresh_token.get_secret_value()))
        except ApiError as error:
            if error.status != _UNAUTHORIZED:
                raise
            raise NotSignedIn(f"Your session at {url} has ended.", "`pixreunion account login` first.") from error


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
