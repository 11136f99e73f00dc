"""ID tokens of a provider that listens."""

import time
from collections.abc import Iterator

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from governance.clock import utc_now
from serve_apps.config import OpenIdSettings
from serve_apps.ingress.errors import Busy, Unauthorized
from serve_apps.ingress.openid import IdTokens
from tests.support.openid import CLIENT, Provider, provider

ADA = "ada@example.org"


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with provider() as one:
        yield one


async def test_a_fresh_token_for_us_names_its_address(running: Provider) -> None:
    tokens = IdTokens(running.settings)
    assert await tokens.email(running.token(ADA), utc_now()) == ADA
    running.rotate()
    assert await tokens.email(running.token(ADA), utc_now()) == ADA, "the new key is fetched"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another-service"},
        {"exp": 1},
        {"iat": 1},
        {"email_verified": False},
        {"email_verified": None},
        {"email": None},
        {"exp": None},
    ],
)
async def test_every_other_token_is_refused(running: Provider, claims: dict[str, object]) -> None:
    with pytest.raises(Unauthorized):
        await IdTokens(running.settings).email(running.token(**{"email": ADA, **claims}), utc_now())


async def test_only_the_providers_signature_counts(running: Provider) -> None:
    good = running.token(ADA)
    head, body, signature = good.split(".")
    now = int(time.time())
    told = {"iss": running.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "email": ADA, "email_verified": True}
    by_public_key = jwt.encode({"alg": "HS256", "kid": running.key.kid}, told, OctKey.import_key("x" * 32))
    unsigned = "eyJhbGciOiJub25lIn0"
    for bad in (f"{head}.{body}.{signature[:-6]}AAAAAA", f"{unsigned}.{body}.{signature}", by_public_key, "no token"):
        with pytest.raises(Unauthorized):
            await IdTokens(running.settings).email(bad, utc_now())


async def test_a_silent_provider_is_asked_again_later() -> None:
    away = OpenIdSettings(issuer="http://127.0.0.1:9", client_id=CLIENT)
    with pytest.raises(Busy):
        await IdTokens(away).email("a.b.c", utc_now())
