"""The third parties of this house, through the suite that each of them inherits."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from cluster.embedded.throwaway import Servers
from governance.audit.certificate import ProcessorAnswer
from governance.blobs.s3 import S3BlobStore
from governance.config import BlobSettings, MailSettings
from governance.ids import ArtifactId, RequestId, SubjectId
from governance.processors.hosting import ObjectHost
from governance.processors.mail import MailRelay
from governance.processors.payments import StripePayments
from tests.contract.processors import Party, ProcessorContract
from tests.support.governance import REGION, settings_for
from tests.support.payments import KEY, Sandbox

NOWHERE = "http://127.0.0.1:9"


class Bucket(Party):
    """The host of the bucket. Bytes are deleted by the erasure's own step before the host is asked for what is left,
    so `give` after that step stands for bytes under a legal hold."""

    keeps = False

    def __init__(self, settings: BlobSettings) -> None:
        self._settings = settings
        self.store = S3BlobStore(settings)
        self.processor = ObjectHost(self.store, REGION)

    async def give(self, subject: SubjectId) -> None:
        key = ArtifactId.new().location(subject)
        await self.store.put(key, b"sealed")
        await self.store.erase([key])

    async def holds(self, subject: SubjectId) -> bool:
        return bool(await self.store.keys(f"{subject.uuid.hex}/"))

    async def cut_off(self) -> None:
        elsewhere = self._settings.model_copy(update={"endpoint": NOWHERE, "timeout_s": 0.2})
        self.processor = ObjectHost(S3BlobStore(elsewhere), REGION)

    async def mend(self) -> None:
        self.processor = ObjectHost(self.store, REGION)


class TestObjectHost(ProcessorContract):
    @pytest.fixture
    async def party(self, servers: Servers, tmp_path: Path) -> AsyncIterator[Bucket]:
        bucket = Bucket(settings_for(servers, "", tmp_path).blobs)
        await bucket.store.prepare()
        yield bucket
        bucket.store.close()

    async def test_what_is_left_is_left_by_law(self, party: Bucket) -> None:
        person = SubjectId.new()
        await party.store.put(ArtifactId.new().location(person), b"under a legal hold")
        answer = await party.processor.erase(person, RequestId.new())
        assert answer is ProcessorAnswer.RETAINED_BY_LAW


class Relay(Party):
    """A mail server that takes messages and keeps none."""

    keeps = False

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._port = 0

    async def mend(self) -> None:
        self._server = await asyncio.start_server(_smtp, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        settings = MailSettings(host="127.0.0.1", port=self._port, region=REGION, starttls=False, timeout_s=2.0)
        self.processor = MailRelay(settings)

    async def cut_off(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def give(self, subject: SubjectId) -> None:
        """It has passed the message on already."""

    async def holds(self, subject: SubjectId) -> bool:
        return False


class TestMailRelay(ProcessorContract):
    @pytest.fixture
    async def party(self) -> AsyncIterator[Relay]:
        relay = Relay()
        await relay.mend()
        yield relay
        await relay.cut_off()


class Cashier(Party):
    """Stripe's sandbox, with the service's own note of who is which customer."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._customers: dict[SubjectId, str] = {}
        self.processor = StripePayments(sandbox.settings, self)

    async def customer(self, owner: SubjectId) -> str | None:
        return self._customers.get(owner)

    async def open_payments(self, owner: SubjectId) -> list[str]:
        return []

    async def give(self, subject: SubjectId) -> None:
        self._customers[subject] = self._sandbox.client().v1.customers.create({}).id

    async def holds(self, subject: SubjectId) -> bool:
        if subject not in self._customers:
            return False
        async with httpx.AsyncClient(base_url=self._sandbox.url, auth=(KEY, "")) as http:
            found = await http.get(f"/v1/customers/{self._customers[subject]}")
        return found.status_code == 200 and not found.json().get("deleted", False)

    async def cut_off(self) -> None:
        elsewhere = self._sandbox.settings.model_copy(update={"api_base": NOWHERE, "timeout_s": 0.5})
        self.processor = StripePayments(elsewhere, self)

    async def mend(self) -> None:
        self.processor = StripePayments(self._sandbox.settings, self)


class TestStripePayments(ProcessorContract):
    @pytest.fixture
    async def party(self, payments_sandbox: Sandbox) -> Cashier:
        return Cashier(payments_sandbox)


async def _smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As much of a relay as a greeting needs."""
    writer.write(b"220 relay.test\r\n")
    while line := await reader.readline():
        quitting = line.upper().startswith(b"QUIT")
        writer.write(b"221 bye\r\n" if quitting else b"250 ok\r\n")
        if quitting:
            break
    writer.close()
