"""Staff sign in with the ID token that their OpenID provider gave them (OpenID Connect Core, section 3.1.3.7)."""

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from serve_apps.config import OpenIdSettings
from serve_apps.ingress.errors import Busy, Unauthorized

ALGORITHMS = ["RS256", "ES256"]
_LEEWAY_S = 60
_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


class IdTokens:
    """Checks ID tokens against the provider's published keys, which are fetched anew when one signs by a new key."""

    def __init__(self, settings: OpenIdSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings, self._transport = settings, transport
        self._keys: KeySet | None = None
        self._turn = asyncio.Lock()

    async def email(self, token: str, now: datetime) -> str:
        """The verified address in a fresh token for this service. `Unauthorized` says nothing of what was wrong;
        `Busy` when the provider cannot be reached."""
        if _COMPACT.fullmatch(token) is None:
            raise _refused()
        known = self._keys
        try:
            claims = self._read(token, known or await self._fetch(known))
        except (JoseError, ValueError):
            claims = await self._read_with_new_keys(token, known)
        return self._address(claims, now)

    async def _read_with_new_keys(self, token: str, known: KeySet | None) -> Mapping[str, Any]:
        try:
            return self._read(token, await self._fetch(known))
        except (JoseError, ValueError):
            raise _refused() from None

    def _read(self, token: str, keys: KeySet) -> Mapping[str, Any]:
        return jwt.decode(token, keys, algorithms=ALGORITHMS).claims

    def _address(self, claims: Mapping[str, Any], now: datetime) -> str:
        one, seconds = self._settings, now.timestamp()
        registry = jwt.JWTClaimsRegistry(
            now=int(seconds),
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": one.issuer},
            aud={"essential": True, "value": one.client_id},
            exp={"essential": True},
            iat={"essential": True},
            email={"essential": True},
            email_verified={"essential": True, "value": True},
        )
        try:
            registry.validate(dict(claims))
        except JoseError:
            raise _refused() from None
        if seconds - float(claims["iat"]) > one.max_age_s + _LEEWAY_S:
            raise _refused()
        return str(claims["email"])

    async def _fetch(self, known: KeySet | None) -> KeySet:
        """The provider's keys of now; those that another request fetched meanwhile serve as well."""
        async with self._turn:
            if self._keys is None or self._keys is known:
                self._keys = await self._ask()
            return self._keys

    async def _ask(self) -> KeySet:
        issuer = self._settings.issuer
        try:
            async with httpx.AsyncClient(transport=self._transport, timeout=10, trust_env=False) as http:
                about = await http.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                found = await http.get(about.raise_for_status().json()["jwks_uri"])
                return KeySet.import_key_set(found.raise_for_status().json())
        except (httpx.HTTPError, KeyError, ValueError, JoseError) as error:
            raise Busy(f"{issuer} does not give its keys", retry_after_s=10) from error


def _refused() -> Unauthorized:
    return Unauthorized("this ID token is not a fresh one of our provider's for us", code="wrong_credentials")
