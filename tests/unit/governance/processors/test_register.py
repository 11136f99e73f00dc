"""Whom the settings name is told."""

from pathlib import Path

from cluster.embedded.throwaway import Servers
from governance.blobs.memory import MemoryBlobStore
from governance.config import MailSettings, PaymentSettings
from governance.ids import SubjectId
from governance.processors.register import third_parties
from tests.support.governance import REGION, settings_for


class Nobody:
    """Has no customers."""

    async def customer(self, owner: SubjectId) -> str | None:
        return None

    async def open_payments(self, owner: SubjectId) -> list[str]:
        return []


def test_payments_where_they_are_configured(servers: Servers, tmp_path: Path) -> None:
    key = tmp_path / "stripe.key"
    key.write_text("sk_test_12345")
    settings = settings_for(servers, "", tmp_path).model_copy(update={"payments": PaymentSettings(secret_file=key)})
    named = third_parties(settings, MemoryBlobStore(), Nobody())
    assert [one.registration.name for one in named] == ["object-storage", "stripe"]


def test_the_host_always_the_relay_when_there_is_one(servers: Servers, tmp_path: Path) -> None:
    settings, store = settings_for(servers, "", tmp_path), MemoryBlobStore()
    assert [one.registration.name for one in third_parties(settings, store, Nobody())] == ["object-storage"]
    mailing = settings.model_copy(update={"mail": MailSettings(host="relay.example", region=REGION)})
    named = [one.registration.name for one in third_parties(mailing, store, Nobody())]
    assert named == ["object-storage", "smtp-relay"]
