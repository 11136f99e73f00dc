"""A governance service, people with photos in its queue, and workers on a tiny base model."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from governance.ids import JobId
from governance.model import Artifact, HolderKind, Job, Kind, NewArtifact, NewJob, Purpose, Subject
from governance.service import GovernanceService
from tests.integration.pool.tiny import SMALL, photo
from tests.support.governance import holding, sign_up
from training.config import TrainingSettings
from training.desk import Desk
from training.device import Device
from training.handover import Nobody, Receiver
from training.jobs import Param
from training.member import load_pack
from training.metrics import MemoryMeter
from training.scoring import Scorer
from training.worker import Worker

FINAL = {"succeeded", "failed", "canceled"}


@dataclass
class Person:
    """Someone with photos and a caption, waiting to be learned."""

    subject: Subject
    photos: list[Artifact]
    job: Job


async def enqueue(
    service: GovernanceService, params: Mapping[str, Param] | None = None, seed: int = 0, broken: bool = False
) -> Person:
    """A new person with three photos, one of them captioned, and a job."""
    person = await sign_up(service)
    async with holding(service) as ingress:
        photos = []
        for number in range(3):
            data = b"no picture at all" if broken and number == 1 else photo(10 * seed + number)
            new = NewArtifact(Kind.PHOTO, (person.id,), Purpose.TRAINING)
            photos.append(await ingress.write(new, data))
        words = NewArtifact(Kind.CAPTION, (person.id,), Purpose.TRAINING, (photos[0].id,))
        caption = await ingress.write(words, b"a person by the sea")
    inputs = (*(one.id for one in photos), caption.id)
    job = await service.enqueue_job(NewJob(person.id, inputs, "balanced", {**SMALL, **(params or {})}))
    return Person(person, photos, job)


@asynccontextmanager
async def worker_on(
    service: GovernanceService,
    settings: TrainingSettings,
    scorer: Scorer | None = None,
    name: str = "worker",
    receiver: Receiver | None = None,
) -> AsyncIterator[tuple[Worker, Desk]]:
    """A worker with its desk, as the Ray Train loop builds them, on the service in this process."""
    device = Device(settings.base.threads)
    async with holding(service, HolderKind.TRAINER) as holder:
        pack = await device.run(load_pack, settings)
        desk = Desk(name, service, holder, pack, device, scorer, MemoryMeter(), settings, receiver or Nobody())
        yield Worker(desk), desk
    device.close()


async def ended(service: GovernanceService, id: JobId) -> bool:
    return (await service.job(id)).state in FINAL


async def adapters(service: GovernanceService, person: Person) -> list[Artifact]:
    return list((await service.artifacts(person.subject.id, Kind.ADAPTER)).items)


async def adapter_bytes(service: GovernanceService, person: Person) -> bytes:
    """The one adapter of a person."""
    (only,) = await adapters(service, person)
    async with holding(service) as reader, reader.plaintext(only.id, Purpose.DELIVERY) as data:
        return bytes(data)
