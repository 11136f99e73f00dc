from pathlib import Path

import boto3
import httpx
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from cluster.embedded.seaweed import BUCKET, REGION, EmbeddedS3
from cluster.embedded.throwaway import Servers
from cluster.ports import LOOPBACK, Port
from cluster.processes import wait_until

BODY = bytes(range(256)) * 20


@pytest.fixture
def s3(servers: Servers) -> EmbeddedS3:
    return servers.s3


def test_the_bucket_is_versioned(s3: EmbeddedS3) -> None:
    assert s3.client().get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"


def test_strangers_are_refused(s3: EmbeddedS3) -> None:
    stranger = boto3.client(
        "s3", endpoint_url=s3.address.endpoint, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="y",
        config=Config(retries={"max_attempts": 1}),
    )  # fmt: skip
    with pytest.raises(ClientError):
        stranger.list_objects_v2(Bucket=BUCKET)


@pytest.mark.parametrize("port", [Port.S3_FILER, Port.S3_VOLUME])
def test_its_inner_ports_show_nothing_without_our_signature(s3: EmbeddedS3, port: Port) -> None:
    s3.client().put_object(Bucket=BUCKET, Key="inner/photo", Body=BODY)
    url = f"http://{LOOPBACK}:{s3.address.ports[port]}/buckets/{BUCKET}/inner/photo"
    answer = httpx.get(url, trust_env=False)
    assert answer.is_error
    assert BODY[:64] not in answer.content


def test_it_listens_on_loopback_alone(s3: EmbeddedS3) -> None:
    mark = s3.running()
    assert mark is not None
    listening = {c.laddr[0] for c in psutil.Process(mark.pid).net_connections() if c.status == psutil.CONN_LISTEN}
    assert listening == {LOOPBACK}


def test_compaction_takes_deleted_bytes_from_the_disk(s3: EmbeddedS3) -> None:
    needle = b"to be erased " + bytes(range(64))
    version = s3.client().put_object(Bucket=BUCKET, Key="gone", Body=needle)["VersionId"]
    assert wait_until(lambda: on_disk(s3.directory, needle), 5)
    s3.client().delete_object(Bucket=BUCKET, Key="gone", VersionId=version)

    def compacted() -> bool:
        s3.compact()
        return not on_disk(s3.directory, needle)

    assert wait_until(compacted, 20, poll_s=0.5)


def test_a_second_start_adopts_the_running_server(s3: EmbeddedS3) -> None:
    assert s3.start() == s3.running()


def on_disk(directory: Path, needle: bytes) -> bool:
    return any(needle in path.read_bytes() for path in directory.rglob("*.dat"))
