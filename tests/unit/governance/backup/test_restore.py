"""Backup and restore: erasures are replayed, and with its epoch a backup ends (I8)."""

import shutil
from pathlib import Path

import pytest

from cluster.embedded.throwaway import Servers
from governance.backup.make import make_backup
from governance.backup.manifest import LEDGER
from governance.backup.restore import restore_backup
from governance.clock import utc_now
from governance.config import GovernanceSettings
from governance.errors import Conflict, Gone, KeyUnavailable, Tampered
from governance.model import NewAccount, Purpose, SubjectStatus
from governance.service import GovernanceService
from tests.support.governance import (
    REGION,
    completed,
    fresh_database,
    holding,
    photo,
    running,
    sign_up,
    with_clock,
)
from tests.support.waiting import eventually

EXTRAS = with_clock(utc_now)


def _elsewhere(settings: GovernanceSettings, dsn: str) -> GovernanceSettings:
    """The same service on an empty database."""
    return settings.model_copy(update={"ledger": settings.ledger.model_copy(update={"dsn": dsn})})


async def test_a_restore_brings_the_living_back_and_erases_again_whom_it_must(
    servers: Servers, settings: GovernanceSettings, tmp_path: Path
) -> None:
    async with running(settings) as service, holding(service) as holder:
        owner, other = await sign_up(service), await sign_up(service)
        account = await service.create_account(NewAccount(b"a" * 32, "$argon2id$kept", REGION))
        gone, upload = await photo(holder, owner.id), await photo(holder, other.id, b"this one goes")
        kept = await photo(holder, other.id, b"kept")
        await make_backup(service.parts, tmp_path / "backup", utc_now)
        erased = await service.erase(owner.id)
        await completed(service, erased.id)
        await completed(service, (await service.erase(upload.id)).id)
        lost = await photo(holder, other.id, b"made after the backup")
        await service.parts.store.erase([kept.location])
    with fresh_database(servers) as dsn:
        again = _elsewhere(settings, dsn)
        restored = await restore_backup(again, tmp_path / "backup", EXTRAS)
        assert (restored.erased_again, restored.uploaded, restored.missing) == (2, 1, 0)
        async with running(again) as service, holding(service) as holder:
            async with holder.plaintext(kept.id, Purpose.TRAINING) as buffer:
                assert bytes(buffer) == b"kept"
            for one in (gone, upload):
                with pytest.raises(Gone):
                    await service.artifact(one.id)
            await completed(service, erased.id)
            assert (await service.subject(owner.id)).status is SubjectStatus.ERASED
            assert (await service.account_by_email(b"a" * 32)) is not None
            assert account.id

            async def what_the_ledger_lost_is_swept() -> bool:
                return await service.parts.store.keys() == [kept.location] != [lost.location]

            await eventually(what_the_ledger_lost_is_swept)


async def test_when_its_epoch_ends_a_backup_is_unreadable_for_everybody(
    servers: Servers, settings: GovernanceSettings, tmp_path: Path
) -> None:
    async with running(settings) as service:
        await sign_up(service)
        await make_backup(service.parts, tmp_path / "backup", utc_now)
        await service.parts.rotation.rotate()
    with fresh_database(servers) as dsn, pytest.raises(KeyUnavailable):
        await restore_backup(_elsewhere(settings, dsn), tmp_path / "backup", EXTRAS)


async def test_nothing_personal_stands_in_it(service: GovernanceService, tmp_path: Path) -> None:
    async with holding(service) as holder:
        await service.create_account(NewAccount(b"canary of an address hash 32 by!"[:32], "$argon2id$canary", REGION))
        await photo(holder, (await sign_up(service)).id, b"canary of a face")
        await make_backup(service.parts, tmp_path / "backup", utc_now)
    files = [path for path in (tmp_path / "backup").rglob("*") if path.is_file()]
    assert len(files) == 3
    assert not any(b"canary" in path.read_bytes() for path in files)


async def test_tampered_cut_and_misplaced_backups_are_refused(
    servers: Servers, settings: GovernanceSettings, tmp_path: Path
) -> None:
    async with running(settings) as service:
        await sign_up(service)
        await make_backup(service.parts, tmp_path / "backup", utc_now)
        with pytest.raises(Conflict):
            await make_backup(service.parts, tmp_path / "backup", utc_now)
    with pytest.raises(Conflict, match="empty database"):
        await restore_backup(settings, tmp_path / "backup", EXTRAS)
    sealed = (tmp_path / "backup" / LEDGER).read_bytes()
    for broken in (sealed[:-1], sealed[:-20] + b"x" + sealed[-19:], b""):
        (tmp_path / "backup" / LEDGER).write_bytes(broken)
        with fresh_database(servers) as dsn, pytest.raises(Tampered):
            await restore_backup(_elsewhere(settings, dsn), tmp_path / "backup", EXTRAS)
    shutil.rmtree(tmp_path / "backup")
    with pytest.raises(Tampered):
        await restore_backup(settings, tmp_path / "backup", EXTRAS)
