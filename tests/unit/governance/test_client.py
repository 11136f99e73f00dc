"""The client against the real actor: same answers, clean errors, and back after the actor was killed."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import ray
from ray.exceptions import ActorUnavailableError

from governance.actor import start_governance
from governance.blobs.s3 import S3BlobStore
from governance.client import GovernanceClient
from governance.config import GovernanceSettings
from governance.errors import Conflict, Gone, NotFound, Unavailable
from governance.holder import Holder
from governance.ids import SubjectId
from governance.model import HolderKind, Kind, NewAccount, NewArtifact, Purpose, RequestState
from tests.integration.waiting import until
from tests.support.governance import REGION
from tests.support.waiting import eventually

pytestmark = [pytest.mark.ray, pytest.mark.driver]


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray.init(
        num_cpus=1, include_dashboard=False, namespace="pixreunion", log_to_driver=False, object_store_memory=80 << 20
    )
    yield
    ray.shutdown()


@pytest.fixture
def client(cluster: None, settings: GovernanceSettings) -> Iterator[GovernanceClient]:
    handle = start_governance(settings)
    yield GovernanceClient.connect(patience_s=30)
    # A kill takes effect when it does: the actor may only now be on its way back.
    assert until(lambda: _closed(handle), within_s=60)
    ray.kill(handle)


def _closed(handle: Any) -> bool:
    try:
        ray.get(handle.close.remote())
    except ActorUnavailableError:
        return False
    return True


async def test_errors_arrive_as_themselves_without_a_traceback_of_the_actor(client: GovernanceClient) -> None:
    new = NewAccount(b"e" * 32, "$argon2id$hash", REGION)
    await client.create_account(new)
    with pytest.raises(Conflict) as caught:
        await client.create_account(replace(new, password_hash="$argon2id$another"))
    assert "Traceback" not in str(caught.value)
    with pytest.raises(NotFound):
        await client.subject(SubjectId.new())


async def test_write_read_and_erase_survive_the_death_of_the_actor(
    client: GovernanceClient, settings: GovernanceSettings
) -> None:
    store = S3BlobStore(settings.blobs)
    owner = await client.create_account(NewAccount(b"f" * 32, "$argon2id$hash", REGION))
    holder = await Holder.open(client, store, kind=HolderKind.TOOL, region=REGION)
    made = await holder.write(NewArtifact(Kind.PHOTO, (owner.id,), Purpose.TRAINING), b"a portrait")
    ray.kill(ray.get_actor("governance", "pixreunion"), no_restart=False)
    async with holder.plaintext(made.id, Purpose.TRAINING) as buffer:
        assert bytes(buffer) == b"a portrait"
    request = await client.erase(owner.id)
    ray.kill(ray.get_actor("governance", "pixreunion"), no_restart=False)

    async def completed() -> bool:
        return (await client.request(request.id)).state is RequestState.COMPLETED

    await eventually(completed, within_s=30)
    with pytest.raises(Gone):
        await client.artifact(made.id, owner.id)
    await holder.close()
    store.close()


async def test_without_an_actor_a_call_is_unavailable_and_says_when_to_retry(cluster: None) -> None:
    lonely = GovernanceClient.connect(patience_s=0.2)
    with pytest.raises(Unavailable) as caught:
        await asyncio.wait_for(lonely.token(b"t" * 32), 5)
    assert caught.value.retry_after_s > 0
