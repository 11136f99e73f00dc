"""Epoch root keys in AWS KMS: one customer key per epoch, found by its alias.

A destroyed key waits seven days before AWS forgets it, but it is disabled at once and opens nothing meanwhile.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from governance.config import VaultSettings
from governance.errors import KeyUnavailable

T = TypeVar("T")
_WAITING_DAYS = 7


class KmsKeys:
    """A `KeyProvider` over boto3."""

    def __init__(self, settings: VaultSettings) -> None:
        secret = settings.kms_secret_key
        self._client: Any = _client(settings, secret.get_secret_value() if secret else None)

    async def create(self, epoch: int) -> None:
        await asyncio.to_thread(self._create, epoch)

    async def seal(self, epoch: int, plain: bytes) -> bytes:
        await asyncio.to_thread(self._check_enabled, epoch)
        answer = await self._call(
            lambda: self._client.encrypt(KeyId=_alias(epoch), Plaintext=plain, EncryptionContext=_context(epoch))
        )
        return bytes(answer["CiphertextBlob"])

    async def unseal(self, epoch: int, sealed: bytes) -> bytearray:
        await asyncio.to_thread(self._check_enabled, epoch)
        answer = await self._call(
            lambda: self._client.decrypt(KeyId=_alias(epoch), CiphertextBlob=sealed, EncryptionContext=_context(epoch))
        )
        return bytearray(answer["Plaintext"])

    async def destroy(self, epoch: int) -> None:
        await asyncio.to_thread(self._destroy, epoch)

    async def _call(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(work)
        except (ClientError, BotoCoreError) as error:
            raise KeyUnavailable(f"the key management service refused: {type(error).__name__}") from error

    def _check_enabled(self, epoch: int) -> None:
        """Said by us too, so that a destroyed key reads as one and not as some refusal."""
        try:
            found = self._find(epoch)
        except (ClientError, BotoCoreError) as error:
            raise KeyUnavailable("the key management service cannot be reached") from error
        if found is None or found["KeyState"] != "Enabled":
            raise KeyUnavailable(f"the root key of epoch {epoch} is destroyed or was never made")

    def _find(self, epoch: int) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._client.describe_key(KeyId=_alias(epoch))["KeyMetadata"]
        except self._client.exceptions.NotFoundException:
            return None
        return found

    def _create(self, epoch: int) -> None:
        try:
            if self._find(epoch) is None:
                key = self._client.create_key(Description=f"PixReunion epoch {epoch}")["KeyMetadata"]["KeyId"]
                self._client.create_alias(AliasName=_alias(epoch), TargetKeyId=key)
        except (ClientError, BotoCoreError) as error:
            raise KeyUnavailable("the key management service made no key") from error

    def _destroy(self, epoch: int) -> None:
        try:
            found = self._find(epoch)
            if found is not None and found["KeyState"] != "PendingDeletion":
                self._client.schedule_key_deletion(KeyId=found["KeyId"], PendingWindowInDays=_WAITING_DAYS)
        except (ClientError, BotoCoreError) as error:
            raise KeyUnavailable("the key management service did not destroy the key") from error


def _client(settings: VaultSettings, secret: str | None) -> Any:
    return boto3.client(
        "kms",
        endpoint_url=settings.kms_endpoint,
        region_name=settings.kms_region,
        aws_access_key_id=settings.kms_access_key,
        aws_secret_access_key=secret,
    )


def _alias(epoch: int) -> str:
    return f"alias/pixreunion-epoch-{epoch}"


def _context(epoch: int) -> dict[str, str]:
    return {"epoch": str(epoch)}
