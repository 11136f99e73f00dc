"""P9: transfers across borders."""

from collections.abc import Sequence

import pytest

from governance.clock import utc_now
from governance.errors import Refused
from governance.holder import Holder
from governance.model import ArtifactId, ClaimedJob, HolderKind, JobId, Purpose
from tests.integration.house import House
from tests.integration.people import Person
from training.candidates import MOST_CANDIDATES, waiting
from training.foresight import Foresight
from training.queue import FairShare, Lane

ELSEWHERE = "elsewhere"


def test_p9_1_work_is_done_in_the_persons_region_or_waits(house: House, person: Person) -> None:
    """Workers of another region get neither the training nor a photo; it waits, says why, and is done at home."""
    abroad = {
        "name": "Ada",
        "email": "ada@abroad.example",
        "password": "a long password",
        "date_of_birth": "1990-01-31",
    }
    refused = person.http.post("/v1/accounts", json={**abroad, "date_of_birth": "1990-01-31", "region": ELSEWHERE})
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_region")
    photos = person.upload()
    training = person.http.post("/v1/trainings", json={"photos": photos, "preset": "fast"}).json()["id"]
    assert house.call(pool_elsewhere(house, JobId(training))) == []
    with pytest.raises(Refused, match=f"may not be worked on in {ELSEWHERE}"):
        house.call(read_elsewhere(house, ArtifactId(photos[0])))
    told = person.http.get(f"/v1/trainings/{training}").json()
    assert (told["state"], told["waits_for"], told["starts_at"]) == ("queued", "region", None)
    assert person.work_off(training)
    assert person.http.get(f"/v1/trainings/{training}").json()["state"] == "succeeded"


async def pool_elsewhere(house: House, job: JobId) -> Sequence[ClaimedJob]:
    """What the pool does that has workers in another region alone: it tells what it foresees and claims what it may."""
    now, foresight = utc_now(), Foresight(FairShare())
    queue = [waiting(one, now) for one in await house.governance.job_candidates(MOST_CANDIDATES) if one.id == job]
    forecasts = foresight.foresee(queue, [Lane(frozenset({ELSEWHERE}), memory_mb=1_000_000)])
    await house.governance.forecast_jobs(foresight.news(forecasts, now))
    return await house.governance.claim_jobs("worker elsewhere", 1, region=ELSEWHERE, ids=[job])


async def read_elsewhere(house: House, photo: ArtifactId) -> None:
    """A worker of another region asks for a photo."""
    parts = house.governance.parts
    holder = await Holder.open(house.governance, parts.store, kind=HolderKind.TRAINER, region=ELSEWHERE)
    try:
        async with holder.plaintext(photo, Purpose.TRAINING):
            pass
    finally:
        await holder.close()
