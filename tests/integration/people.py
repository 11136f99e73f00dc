"""People as the service sees them: through HTTP with a token of their own."""

import base64
import io
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
from PIL import Image

from governance.clock import utc_now
from governance.ledger import standing
from governance.model import (
    ArtifactId,
    ClaimedJob,
    JobId,
    JobOutcome,
    JobState,
    Kind,
    NewArtifact,
    NewRun,
    Purpose,
    Role,
    RunState,
    SubjectId,
)
from tests.integration.house import SECRETS, House
from tests.unit.serve_apps.engine.tiny import tiny_adapter

PASSWORD = "a long enough password"


@dataclass
class Person:
    """One account; `http` sends its token along."""

    house: House
    email: str
    id: str
    token: str
    http: httpx.Client

    def upload(self, count: int = 3, **headers: str) -> list[str]:
        """Ids of that many photos."""
        files = [("photos", (f"{n}.png", picture(), "image/png")) for n in range(count)]
        answer = self.http.post("/v1/uploads", files=files, headers=headers)
        assert answer.status_code == 201, answer.text
        return [photo["id"] for photo in answer.json()["data"]]

    def train(self, seed: int = 1) -> str:
        """The id of a model, by the service's own queue: what a worker of the pool does, with a random adapter."""
        answer = self.http.post("/v1/trainings", json={"photos": self.upload(), "preset": "fast"})
        assert answer.status_code == 202, answer.text
        return work_off(self.house, JobId(answer.json()["id"]), seed)

    def work_off(self, training: str, seed: int = 1) -> str:
        """Does a queued training as a worker would; the id of its model."""
        return work_off(self.house, JobId(training), seed)

    def sign_in(self) -> httpx.Client:
        """A new session in place of the one before."""
        answer = self.http.post("/v1/sessions", json={"email": self.email, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        self.token = answer.json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"
        return self.http

    def confirm(self) -> None:
        """The address is theirs from here on, without the e-mail."""
        self.house.call(_confirm(self.house, SubjectId(self.id)))

    def works_as(self, role: Role) -> httpx.Client:
        """Gives this person a role as the installation's operator does, and signs in anew."""
        self.confirm()
        bearer = {"Authorization": f"Bearer {operators_pass(self.house)}"}
        body = {"email": self.email, "role": role}
        answer = httpx.put(f"{self.house.url}/v1/staff", json=body, headers=bearer)
        assert (answer.status_code, answer.json()["role"]) == (200, role)
        return self.sign_in()

    def picture(self, **body: Any) -> httpx.Response:
        asked = {"prompt": "a face", "response_format": "b64_json", **body}
        return self.http.post("/v1/images/generations", json=asked)

    def pixels(self, **body: Any) -> bytes:
        """Those of one picture: of its file no two are alike, for each has signed credentials of its own."""
        file = base64.b64decode(self.picture(**body).json()["data"][0]["b64_json"])
        with Image.open(io.BytesIO(file)) as image:
            return image.tobytes()


def operators_pass(house: House) -> str:
    """What `pixreunion staff` sends: good for one minute."""
    return SECRETS.operators_pass(house.governance.parts.accounts._clock() + timedelta(minutes=1))


async def _confirm(house: House, subject: SubjectId) -> None:
    async with house.governance.parts.database.transaction() as conn:
        await standing.confirm(conn, subject, utc_now())


def newcomer(house: House) -> Person:
    """Somebody who has just signed up and in."""
    email = f"{uuid4().hex}@example.org"
    http = httpx.Client(base_url=house.url, timeout=120)
    signed_up = http.post("/v1/accounts", json=sign_up_body(email))
    assert signed_up.status_code == 201, signed_up.text
    signed_in = http.post("/v1/sessions", json={"email": email, "password": PASSWORD})
    assert signed_in.status_code == 201, signed_in.text
    token = signed_in.json()["access_token"]
    http.headers["Authorization"] = f"Bearer {token}"
    return Person(house, email, signed_up.json()["id"], token, http)


def sign_up_body(email: str, /, **other: Any) -> dict[str, Any]:
    body = {"name": "Ada Example", "email": email, "password": PASSWORD, "date_of_birth": "1990-01-31"}
    return {**body, **other}


def picture(side: int = 48, kind: str = "PNG", seed: int | None = None, **options: Any) -> bytes:
    """A random picture as a file."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def work_off(house: House, job: JobId, seed: int) -> str:
    """Does one queued job as a worker would; gives the id of the adapter."""
    return house.call(_work_off(house, job, seed))


async def _work_off(house: House, job: JobId, seed: int) -> str:
    [claimed] = await house.governance.claim_jobs("test worker", 1, ids=[job])
    return await finish(house, claimed, seed)


async def finish(house: House, claimed: ClaimedJob, seed: int) -> ArtifactId:
    """Writes the adapter through the gate and reports the job as succeeded."""
    job = claimed.job
    run = await house.governance.start_run(NewRun(Purpose.TRAINING, (job.owner,), job.inputs))
    new = NewArtifact(Kind.ADAPTER, (job.owner,), Purpose.TRAINING, job.inputs, run.id)
    adapter = await house.trainer.write(new, tiny_adapter(house.base, seed).data)
    await house.governance.finish_run(run.id, RunState.SUCCEEDED)
    await house.governance.finish_job(job.id, claimed.attempt, JobOutcome(JobState.SUCCEEDED, adapter.id))
    return adapter.id


def events_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Server-sent events as (name, data)."""
    blocks = [block for block in text.split("\n\n") if block.startswith("event:")]
    return [(block.split("\n")[0][7:], json.loads(block.split("\n")[1][6:])) for block in blocks]
