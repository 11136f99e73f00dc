"""The Serve application on a Ray of its own: governance as an actor, ingress and generator as deployments."""

import asyncio
import io
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from diffusers import DDIMScheduler
from PIL import Image
from ray import serve

from cluster.embedded.throwaway import Servers
from cluster.handover import APPLICATION, to_generator
from governance.actor import start_governance
from governance.blobs.s3 import S3BlobStore
from governance.client import GovernanceClient
from governance.config import GovernanceSettings
from governance.holder import Holder
from governance.model import ArtifactId, HolderKind, Kind, NewArtifact, Purpose, SubjectId
from serve_apps.app import build
from serve_apps.config import AccountSettings, GeneratorSettings, ImageSettings, ServeSettings
from serve_apps.ingress.secrets import create_secret
from tests.integration.people import PASSWORD, picture, sign_up_body
from tests.integration.pool.cluster import one_node
from tests.integration.waiting import until
from tests.support.governance import REGION, fresh_database, settings_for
from tests.unit.serve_apps.engine.tiny import SCHEDULERS, tiny_adapter, tiny_base

pytestmark = [pytest.mark.ray, pytest.mark.driver]


@pytest.fixture(scope="module")
def governance_settings(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GovernanceSettings]:
    folder = tmp_path_factory.mktemp("governance")
    folder.chmod(0o700)
    with fresh_database(servers) as dsn:
        yield settings_for(servers, dsn, folder, lease_s=8.0)


@pytest.fixture(scope="module")
def service(governance_settings: GovernanceSettings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the HTTP interface."""
    settings = serve_settings(tmp_path_factory.mktemp("serve"))
    create_secret(settings.secret_file)
    with TemporaryDirectory(prefix="ray-", dir="/tmp") as own, one_node(Path(own)):
        start_governance(governance_settings)
        serve.start(proxy_location="Disabled")
        serve.run(build(settings, governance_settings), name=APPLICATION, route_prefix=None)
        yield f"http://{settings.host}:{settings.port}"
        serve.shutdown()


def serve_settings(folder: Path) -> ServeSettings:
    base = folder / "base"
    pipeline = tiny_base("epsilon").pipeline()
    pipeline.register_modules(scheduler=scheduler())
    pipeline.save_pretrained(base)
    return ServeSettings(
        port=free_port(),
        region=REGION,
        secret_file=folder / "secret",
        drain_s=1,
        images=ImageSettings(sizes=("16x16",), default_steps=4),
        accounts=AccountSettings(regions=(REGION,)),
        generator=GeneratorSettings(base=str(base), max_batch=2, drain_s=2),
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def scheduler() -> object:
    return DDIMScheduler.from_config(SCHEDULERS["epsilon"])


def pixels(link: str) -> bytes:
    with Image.open(io.BytesIO(httpx.get(link).content)) as image:
        return image.tobytes()


async def trained(settings: GovernanceSettings, account: str, photo: str) -> str:
    """An adapter as a trainer ends with one: written, handed to the generator, and then out of storage's reach."""
    store = S3BlobStore(settings.blobs)
    holder = await Holder.open(GovernanceClient.connect(), store, kind=HolderKind.TRAINER, region=REGION)
    try:
        parents = (ArtifactId(photo),)
        new = NewArtifact(Kind.ADAPTER, (SubjectId(account),), Purpose.TRAINING, parents)
        made, sealed = await holder.write_sealed(new, tiny_adapter(tiny_base("epsilon"), 1).data)
        way = to_generator()
        way.expect()
        assert await way.offer(made.id, sealed)
        assert not await way.offer(made.id, sealed), "it is there already"
        await store.erase([made.location])
        return made.id
    finally:
        await holder.close()


def test_a_model_that_was_handed_over_makes_pictures_without_storage(
    service: str, governance_settings: GovernanceSettings
) -> None:
    http = httpx.Client(base_url=service, timeout=60)
    until(lambda: http.get("/v1/health").status_code == 200)
    account = http.post("/v1/accounts", json=sign_up_body("handed@example.org")).json()["id"]
    token = http.post("/v1/sessions", json={"email": "handed@example.org", "password": PASSWORD}).json()["access_token"]
    http.headers["Authorization"] = f"Bearer {token}"
    [photo] = http.post("/v1/uploads", files=[("photos", ("a.png", picture(), "image/png"))]).json()["data"]
    model = asyncio.run(trained(governance_settings, account, photo["id"]))
    asked = {"prompt": "a face", "seed": 1}
    own = http.post("/v1/images/generations", json={**asked, "model": model})
    base = http.post("/v1/images/generations", json=asked)
    assert own.status_code == base.status_code == 200, own.text
    assert pixels(own.json()["data"][0]["url"]) != pixels(base.json()["data"][0]["url"])


def test_pictures_are_made_through_both_deployments_and_erased(service: str) -> None:
    http = httpx.Client(base_url=service, timeout=60)
    until(lambda: http.get("/v1/health").status_code == 200)
    assert http.post("/v1/accounts", json=sign_up_body("ray@example.org")).status_code == 201
    token = http.post("/v1/sessions", json={"email": "ray@example.org", "password": PASSWORD}).json()["access_token"]
    http.headers["Authorization"] = f"Bearer {token}"
    uploaded = http.post("/v1/uploads", files=[("photos", ("a.png", picture(), "image/png"))])
    assert uploaded.status_code == 201

    made = http.post("/v1/images/generations", json={"prompt": "a face", "n": 2, "seed": 1})
    again = http.post("/v1/images/generations", json={"prompt": "a face", "n": 2, "seed": 1})

    assert made.status_code == again.status_code == 200, made.text
    links = [each["url"] for each in made.json()["data"]]
    pictures = [pixels(link) for link in links]
    assert pictures == [pixels(each["url"]) for each in again.json()["data"]]
    assert pictures[0] != pictures[1]

    streamed = http.post(
        "/v1/images/generations", json={"prompt": "a face", "seed": 1, "stream": True, "partial_images": 1}
    )
    assert "image_generation.partial_image" in streamed.text
    assert "image_generation.completed" in streamed.text

    request = http.delete("/v1/account").headers["location"]
    assert http.get("/v1/account").status_code == 410
    assert [httpx.get(link).status_code for link in links] == [410, 410]
    until(lambda: http.get(f"{request}/certificate").status_code == 200)
