"""Where events may be sent: public addresses only, checked at the moment of connecting.

A name is looked up once, every address it has is checked, and the connection goes to the very address that was checked:
a name that answers differently the next time (DNS rebinding) gains nothing. The certificate is still checked for the
name.
"""

import asyncio
import re
import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpcore
import httpx

from serve_apps.config import WebhookSettings
from serve_apps.ingress.errors import Invalid

Address = IPv4Address | IPv6Address
LONGEST = 2000

_NAME = re.compile(rb"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.IGNORECASE)
_NAT64 = ip_network("64:ff9b::/96")


class Refused(httpcore.ConnectError):
    """The name leads into a private network."""


def checked(url: str, settings: WebhookSettings) -> str:
    """The address as it is kept. `Invalid` when events cannot be sent there."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError):
        raise _invalid("`url` is no address") from None
    if parsed.scheme not in settings.schemes:
        raise _invalid(f"`url` begins with {' or '.join(f'{one}://' for one in settings.schemes)}")
    if not parsed.host or parsed.userinfo or parsed.fragment or len(url) > LONGEST:
        raise _invalid("`url` has a host, no name or password, no fragment, and at most 2000 characters")
    literal = _literal(parsed.host)
    if literal is None and not _NAME.fullmatch(parsed.raw_host):
        raise _invalid("the host in `url` is neither a name nor an address")
    if literal is not None and not is_allowed(literal, settings.networks):
        raise _invalid("`url` leads into a private network; events are sent to public addresses only")
    return str(parsed)


def is_allowed(address: Address, networks: Iterable[str] = ()) -> bool:
    """Whether it is reachable for everybody, or in one of the operator's own `networks`."""
    real = _unwrapped(address)
    if any(real in one for one in map(ip_network, networks) if one.version == real.version):
        return True
    return real.is_global and not real.is_multicast


def _unwrapped(address: Address) -> Address:
    """An IPv4 address inside an IPv6 one is the one that counts."""
    if not isinstance(address, IPv6Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


class PublicOnly(httpcore.AsyncNetworkBackend):
    """Opens connections for `httpcore`; one into a private network is refused before a byte is sent."""

    def __init__(self, settings: WebhookSettings, backend: httpcore.AsyncNetworkBackend | None = None) -> None:
        self._networks = settings.networks
        self._backend = backend or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Raises `Refused`, and what `httpcore` raises when nobody is there."""
        found = await self._look_up(host, port)
        refused = [one for one in found if not is_allowed(one, self._networks)]
        if refused or not found:
            raise Refused("the name leads into a private network" if refused else "the name leads nowhere")
        return await self._backend.connect_tcp(str(found[0]), port, timeout, local_address, socket_options)

    async def _look_up(self, host: str, port: int) -> Sequence[Address]:
        literal = _literal(host)
        if literal is not None:
            return [literal]
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("the name is unknown") from None
        return [ip_address(str(one[4][0]).split("%")[0]) for one in found]

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Never: raises `Refused`."""
        raise Refused("events are not sent to sockets of this machine")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _invalid(detail: str) -> Invalid:
    return Invalid(detail, code="invalid_address", param="url")


