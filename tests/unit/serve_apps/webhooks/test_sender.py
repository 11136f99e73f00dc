"""What comes back from an address: a status, or nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from serve_apps.config import WebhookSettings
from serve_apps.webhooks.sender import Sender

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HERE = WebhookSettings(schemes=("http",), networks=("127.0.0.0/8",), timeout_s=5)


@asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[str]:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"


def says(text: bytes, seen: list[bytes] | None = None) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2)
        if seen is not None:
            seen.append(request)
        writer.write(text)
        await writer.drain()
        writer.close()

    return answer


async def send(url: str, settings: WebhookSettings = HERE) -> int | None:
    sender = Sender(settings)
    try:
        return await sender.send(url, {"webhook-id": "evt_1"}, b"{}")
    finally:
        await sender.close()


async def test_the_message_and_the_status() -> None:
    seen: list[bytes] = []
    async with listening(says(b"HTTP/1.1 204 No Content\r\n\r\n", seen)) as url:
        assert await send(url) == 204
    assert seen[0].startswith(b"POST /hook HTTP/1.1")
    assert b"webhook-id: evt_1" in seen[0]
    assert seen[0].endswith(b"{}")


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    elsewhere = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    async with listening(says(elsewhere)) as url:
        assert await send(url) == 302


@pytest.mark.parametrize("text", [b"", b"nonsense\r\n\r\n"])
async def test_what_is_no_answer(text: bytes) -> None:
    async with listening(says(text)) as url:
        assert await send(url) is None


async def test_an_answer_without_end_is_not_read() -> None:
    async with listening(says(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999\r\n\r\n" + b"x" * 100)) as url:
        assert await send(url) == 200


async def test_silence_ends_in_time() -> None:
    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)
        writer.close()

    async with listening(say_nothing) as url:
        assert await send(url, HERE.model_copy(update={"timeout_s": 0.2})) is None


async def test_nobody_and_nowhere() -> None:
    assert await send("http://127.0.0.1:1/") is None
    assert await send("gopher://127.0.0.1/") is None


async def test_this_machine_is_not_reached_by_default() -> None:
    seen: list[bytes] = []
    async with listening(says(b"HTTP/1.1 200 OK\r\n\r\n", seen)) as url:
        assert await send(url, WebhookSettings(schemes=("http",))) is None
        assert await send(url.replace("127.0.0.1", "localhost"), WebhookSettings(schemes=("http",))) is None
    assert seen == []
