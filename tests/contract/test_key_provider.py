"""Every key provider, through one suite."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws
from pydantic import SecretStr

from governance.config import KeyProviderKind, VaultSettings
from governance.errors import KeyUnavailable
from governance.vault.keyfile import KeyFile
from governance.vault.kms import KmsKeys
from governance.vault.provider import KeyProvider


@pytest.fixture(params=["file", "kms"])
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeyProvider]:
    if request.param == "file":
        yield KeyFile(tmp_path / "keys")
        return
    with mock_aws():
        yield KmsKeys(
            VaultSettings(provider=KeyProviderKind.KMS, kms_access_key="key", kms_secret_key=SecretStr("secret"))
        )


async def test_what_it_seals_it_opens(provider: KeyProvider) -> None:
    await provider.create(1)
    await provider.create(1)
    sealed = await provider.seal(1, b"an epoch's secret")
    assert b"secret" not in sealed
    assert await provider.unseal(1, sealed) == b"an epoch's secret"


async def test_epochs_do_not_open_each_other(provider: KeyProvider) -> None:
    await provider.create(1)
    await provider.create(2)
    with pytest.raises(KeyUnavailable):
        await provider.unseal(2, await provider.seal(1, b"secret"))


async def test_a_destroyed_key_opens_nothing_and_its_neighbour_goes_on(provider: KeyProvider) -> None:
    await provider.create(1)
    await provider.create(2)
    first, second = await provider.seal(1, b"one"), await provider.seal(2, b"two")
    await provider.destroy(1)
    await provider.destroy(1)
    with pytest.raises(KeyUnavailable):
        await provider.unseal(1, first)
    with pytest.raises(KeyUnavailable):
        await provider.seal(1, b"more")
    assert await provider.unseal(2, second) == b"two"


async def test_an_unknown_epoch_is_unavailable(provider: KeyProvider) -> None:
    with pytest.raises(KeyUnavailable):
        await provider.seal(9, b"secret")
