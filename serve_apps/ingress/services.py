"""What the ingress works with, handed to it once by whoever starts it: Ray Serve, or a test."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import Depends, Request

from governance.api import Governance
from governance.clock import utc_now
from governance.model import Artifact, ArtifactId, NewArtifact, Purpose
from governance.policy import Policy, shipped
from serve_apps.billing.pretend import PretendTill
from serve_apps.billing.prices import Prices, prices
from serve_apps.billing.till import Till
from serve_apps.checks.inspector import Inspector
from serve_apps.config import Mode, ServeSettings
from serve_apps.generator.client import GeneratorClient
from serve_apps.ingress.attempts import Attempts
from serve_apps.ingress.followers import Followers
from serve_apps.ingress.openid import IdTokens
from serve_apps.ingress.passwords import Passwords
from serve_apps.ingress.secrets import Secrets
from serve_apps.provenance.stamp import Stamp


class PlaintextHolder(Protocol):
    """The part of `governance.holder.Holder` that the ingress uses."""

    async def write(self, new: NewArtifact, data: bytes | bytearray) -> Artifact: ...

    def plaintext(self, artifact_id: ArtifactId, purpose: Purpose) -> AbstractAsyncContextManager[bytearray]: ...


@dataclass(frozen=True)
class Services:
    """The collaborators of every route."""

    governance: Governance
    holder: PlaintextHolder
    generator: GeneratorClient
    settings: ServeSettings
    secrets: Secrets
    passwords: Passwords
    account_attempts: Attempts
    address_attempts: Attempts
    request_attempts: Attempts
    prices: Prices
    inspector: Inspector
    stamp: Stamp
    verifications: Attempts
    till: Till | None = None
    id_tokens: IdTokens | None = None
    policy: Policy = field(default_factory=shipped)
    followers: Followers = field(default_factory=Followers)
    export_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    now: Callable[[], datetime] = utc_now


def compose(
    governance: Governance,
    holder: PlaintextHolder,
    generator: GeneratorClient,
    settings: ServeSettings,
    secrets: Secrets,
    till: Till | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Services:
    """The ingress's own parts, made from its settings and put beside those that are given. Raises `CannotLoad`."""
    accounts, testing = settings.accounts, settings.mode is Mode.TEST
    listed = prices(settings.billing.prices_file)
    window_s = accounts.attempts_window.total_seconds()
    return Services(
        governance=governance,
        holder=holder,
        generator=generator,
        settings=settings,
        secrets=secrets,
        passwords=Passwords(accounts),
        account_attempts=Attempts(accounts.attempts_per_account, window_s),
        address_attempts=Attempts(accounts.attempts_per_address, window_s),
        request_attempts=Attempts(accounts.requests_per_minute, 60),
        prices=listed.without_charge() if testing else listed,
        till=PretendTill() if testing else till,
        id_tokens=IdTokens(settings.openid) if settings.openid else None,
        inspector=Inspector.of(settings.uploads.checks),
        stamp=Stamp(settings.provenance, secrets.provenance_key, now()),
        verifications=Attempts(settings.provenance.verifications, settings.provenance.window.total_seconds()),
        now=now,
    )


def services_of(request: Request) -> Services:
    """The services the application was made with."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


Parts = Annotated[Services, Depends(services_of)]
"""Parameter type of routes that need the services."""
