"""No way leads into a private network: not by a literal, not by a name, not by a name that changes its mind."""

import asyncio
from ipaddress import ip_address
from typing import Any

import httpcore
import pytest

from serve_apps.config import WebhookSettings
from serve_apps.ingress.errors import Invalid
from serve_apps.webhooks.address import PublicOnly, Refused, checked, is_allowed

PRIVATE = [
    "127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fc00::1", "fe80::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::a00:1",
    "2002:a00:1::", "192.0.2.1", "198.18.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_private(address: str) -> None:
    assert not is_allowed(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Invalid):
        checked(f"https://{host}/hook", WebhookSettings())


PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public(address: str) -> None:
    assert is_allowed(ip_address(address))


def test_an_operator_may_open_a_network_of_their_own() -> None:
    assert is_allowed(ip_address("10.1.2.3"), ["10.1.0.0/16"])
    assert not is_allowed(ip_address("10.2.2.3"), ["10.1.0.0/16"])
    assert is_allowed(ip_address("::ffff:10.1.2.3"), ["10.1.0.0/16"])


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", "https://", "https://ada:secret@example.org/", "example.org",
        "https://example.org/#there", "https://[nonsense", "https://example.org/" + "x" * 2000, "\x00", "",
    ],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        checked(url, WebhookSettings())
    assert refusal.value.stable_code == "invalid_address"


def test_an_address_is_kept_as_it_was_given() -> None:
    assert checked("https://example.org:8443/hook?x=1", WebhookSettings()) == "https://example.org:8443/hook?x=1"


class Recorder(httpcore.AsyncMockBackend):
    """Where connections would have gone."""

    def __init__(self) -> None:
        super().__init__([])
        self.reached: list[str] = []

    async def connect_tcp(self, host: str, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        self.reached.append(host)
        return await super().connect_tcp(host, *args, **options)


class Names:
    """A resolver that gives each of these answers in turn, in place of the loop's own."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        self.asked += 1
        return [(0, 0, 0, "", (one, port)) for one in self._answers.pop(0)]


@pytest.fixture
def backend() -> Recorder:
    return Recorder()


async def connect(backend: Recorder, names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names, raising=False)
    await PublicOnly(WebhookSettings(), backend).connect_tcp("hook.example.org", 443)


async def test_the_address_that_was_checked_is_the_one_that_is_reached(
    backend: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is asked once: what it would say the second time does not matter."""
    names = Names(["93.184.216.34"], ["127.0.0.1"])
    await connect(backend, names, monkeypatch)
    assert (backend.reached, names.asked) == (["93.184.216.34"], 1)


@pytest.mark.parametrize("answer", [["10.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"], []])
async def test_a_name_that_leads_inside_is_refused(
    backend: Recorder, monkeypatch: pytest.MonkeyPatch, answer: list[str]
) -> None:
    with pytest.raises(Refused):
        await connect(backend, Names(answer), monkeypatch)
    assert backend.reached == []


async def test_literals_and_sockets_are_refused_too(backend: Recorder) -> None:
    guard = PublicOnly(WebhookSettings(), backend)
    for host in ("127.0.0.1", "::1", "[::1]"):
        with pytest.raises(Refused):
            await guard.connect_tcp(host, 443)
    with pytest.raises(Refused):
        await guard.connect_unix_socket("/run/docker.sock")
    assert backend.reached == []
