"""Whom the settings name is told."""

from pathlib import Path

from cluster.embedded.throwaway import Servers
from governance.blobs.memory import MemoryBlobStore
from governance.config import MailSettings
from governance.processors.register import third_parties
from tests.support.governance import REGION, settings_for


def test_the_host_always_the_relay_when_there_is_one(servers: Servers, tmp_path: Path) -> None:
    settings, store = settings_for(servers, "", tmp_path), MemoryBlobStore()
    assert [one.registration.name for one in third_parties(settings, store)] == ["object-storage"]
    mailing = settings.model_copy(update={"mail": MailSettings(host="relay.example", region=REGION)})
    assert [one.registration.name for one in third_parties(mailing, store)] == ["object-storage", "smtp-relay"]
