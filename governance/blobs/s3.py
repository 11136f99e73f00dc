"""The bucket through boto3, whose blocking calls run in a pool of threads of their own."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from governance.blobs.store import PART_BYTES
from governance.config import BlobSettings
from governance.errors import Gone, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")
_DELETE_LIMIT = 1000
_READ_BYTES = 1 << 20
_MISSING = {"NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed"}


class S3BlobStore:
    """A `BlobStore` in S3 or anything that speaks it."""

    def __init__(self, settings: BlobSettings) -> None:
        self._bucket = settings.bucket
        self._region = settings.region
        self._client = _client(settings)
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="s3")

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        self._client.close()

    async def prepare(self) -> None:
        await self._call(self._prepare)

    async def put(self, key: str, data: bytes) -> str:
        answer = await self._call(lambda: self._client.put_object(Bucket=self._bucket, Key=key, Body=data))
        return answer["VersionId"]

    async def put_parts(self, key: str, parts: AsyncIterator[bytes]) -> str:
        pending = bytearray()
        upload: Upload | None = None
        try:
            async for part in parts:
                pending += part
                if len(pending) > PART_BYTES:
                    upload = upload or await self._call(Upload, self._client, self._bucket, key)
                    await self._call(_add, upload, bytes(pending))
                    pending.clear()
            if upload is None:
                return await self.put(key, bytes(pending))
            if pending:
                await self._call(_add, upload, bytes(pending))
            return await self._call(upload.complete)
        except BaseException:
            if upload is not None:
                await asyncio.shield(self._call(upload.abort))
            raise

    async def get(self, key: str, version_id: str) -> bytes:
        return await self._call(self._get, key, version_id)

    async def latest(self, key: str) -> bytes:
        return await self._call(lambda: self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())

    async def get_parts(self, key: str, version_id: str) -> AsyncIterator[bytes]:
        answer = await self._call(lambda: self._client.get_object(Bucket=self._bucket, Key=key, VersionId=version_id))
        body = answer["Body"]
        try:
            while piece := await self._call(body.read, _READ_BYTES):
                yield piece
        finally:
            body.close()

    async def erase(self, keys: Sequence[str]) -> int:
        counts = await asyncio.gather(*(self._call(self._erase, batch) for batch in _by_folder(keys)))
        return sum(counts)

    async def left(self, keys: Sequence[str]) -> Sequence[str]:
        found = await asyncio.gather(*(self._call(self._present, batch) for batch in _by_folder(keys)))
        return sorted(key for batch in found for key in batch)

    async def keys(self, prefix: str = "") -> Sequence[str]:
        return await self._call(self._keys, prefix)

    async def _call(self, work: Callable[..., T], *args: object) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                raise Gone() from None
            raise Unavailable(f"the object store refused: {error.operation_name}") from error
        except BotoCoreError as error:
            raise Unavailable("the object store cannot be reached now") from error

    def _prepare(self) -> None:
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except ClientError:
            self._client.create_bucket(
                Bucket=self._bucket,
                CreateBucketConfiguration={"LocationConstraint": self._region},  # type: ignore[typeddict-item]
            )
        self._client.put_bucket_versioning(Bucket=self._bucket, VersioningConfiguration={"Status": "Enabled"})

    def _get(self, key: str, version_id: str) -> bytes:
        return self._client.get_object(Bucket=self._bucket, Key=key, VersionId=version_id)["Body"].read()

    def _erase(self, keys: Sequence[str]) -> int:
        wanted = set(keys)
        for key, upload in self._uploads(_prefix(keys)):
            if key in wanted:
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload)
        versions = [one for one in self._versions(_prefix(keys)) if one[0] in wanted]
        for start in range(0, len(versions), _DELETE_LIMIT):
            self._delete(versions[start : start + _DELETE_LIMIT])
        return len(versions)

    def _delete(self, versions: Sequence[tuple[str, str]]) -> None:
        answer = self._client.delete_objects(
            Bucket=self._bucket,
            Delete={"Objects": [{"Key": key, "VersionId": version} for key, version in versions], "Quiet": True},
        )
        if answer.get("Errors"):
            raise Unavailable(f"the object store kept {len(answer['Errors'])} versions that it was told to delete")

    def _present(self, keys: Sequence[str]) -> set[str]:
        there = {key for key, _ in (*self._versions(_prefix(keys)), *self._uploads(_prefix(keys)))}
        return there & set(keys)

    def _versions(self, prefix: str) -> Sequence[tuple[str, str]]:
        """(key, version id) of every version and delete marker."""
        found = []
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix):
            found += [(one["Key"], one["VersionId"]) for one in page.get("Versions", [])]
            found += [(one["Key"], one["VersionId"]) for one in page.get("DeleteMarkers", [])]
        return found

    def _uploads(self, prefix: str) -> Sequence[tuple[str, str]]:
        """(key, upload id) of every unfinished upload."""
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=prefix)
        return [(one["Key"], one["UploadId"]) for page in pages for one in page.get("Uploads", [])]

    def _keys(self, prefix: str) -> Sequence[str]:
        return sorted({key for key, _ in (*self._versions(prefix), *self._uploads(prefix))})


class Upload:
    """One upload in parts; blocking."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self._id = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        self._etags: list[str] = []

    def add(self, data: bytes) -> None:
        answer = self._client.upload_part(
            Bucket=self._bucket, Key=self._key, UploadId=self._id, PartNumber=len(self._etags) + 1, Body=data
        )
        self._etags.append(answer["ETag"])

    def complete(self) -> str:
        answer = self._client.complete_multipart_upload(
            Bucket=self._bucket,
            Key=self._key,
            UploadId=self._id,
            MultipartUpload={"Parts": [{"ETag": tag, "PartNumber": n} for n, tag in enumerate(self._etags, 1)]},
        )
        return answer["VersionId"]

    def abort(self) -> None:
        self._client.abort_multipart_upload(Bucket=self._bucket, Key=self._key, UploadId=self._id)


def _add(upload: Upload, data: bytes) -> None:
    upload.add(data)


def _client(settings: BlobSettings) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key.get_secret_value() if settings.secret_key else None,
        config=Config(
            connect_timeout=settings.timeout_s,
            read_timeout=settings.timeout_s,
            retries={"max_attempts": 3, "mode": "standard"},
            max_pool_connections=settings.threads,
            s3={"addressing_style": "path" if settings.endpoint else "auto"},
        ),
    )


def _by_folder(keys: Sequence[str]) -> Sequence[Sequence[str]]:
    """Keys that one listing finds: those under one person's prefix."""
    folders: dict[str, list[str]] = {}
    for key in keys:
        folders.setdefault(key.rpartition("/")[0], []).append(key)
    return list(folders.values())


def _prefix(keys: Sequence[str]) -> str:
    """What to list to find all of these: the key itself, or the folder that they share."""
    return keys[0] if len(keys) == 1 else keys[0].rpartition("/")[0]
