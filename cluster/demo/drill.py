"""An erasure drill: a synthetic person joins a running service, leaves, and every promise on the way is checked.

It is a client like any other and sees what a person sees. The person is made for the drill; nobody's data are touched.
"""

import time
from dataclasses import dataclass

import httpx
from pydantic import BaseModel, ConfigDict

from cluster.client.api import Api
from cluster.demo.errors import Broken
from cluster.demo.world import Person
from cluster.progress import Teller
from governance.audit.errors import CertificateError
from governance.audit.verify import VerifiedCertificate, verify
from serve_apps.ingress.schemas.requests import RequestAnswer

POLL_S = 0.5
_ENDED = frozenset({"succeeded", "failed", "canceled"})


class Drilled(BaseModel):
    """Times in seconds: until nothing could be read, and until the certificate. `ids_gone`: asked again, each was."""

    model_config = ConfigDict(frozen=True)

    request: str
    key_id: str
    trained: bool
    ids_gone: int
    unreadable_s: float
    certified_s: float


@dataclass(frozen=True)
class Drill:
    """`training_s`, `erasure_s`: how long each may take before the drill fails."""

    api: Api
    person: Person
    teller: Teller
    training_s: float = 3600.0
    erasure_s: float = 3600.0

    def run(self, train: bool) -> Drilled:
        """Raises Broken for a promise not kept, ApiError when the service refuses, Unreachable when it is away."""
        self._join()
        model = self._train() if train else None
        with self.teller.step("A picture"):
            self.api.generate(self.person.prompts[0], model, n=1, seed=1)
        paths = [f"/v1/artifacts/{artifact.id}" for artifact in self.api.artifacts()]
        started = time.monotonic()
        request, unreadable_s = self._erase(started)
        certified_s = time.monotonic() - started
        checked = self._verify(request)
        self._all_gone(paths)
        return Drilled(
            request=request.id,
            key_id=checked.key_id,
            trained=train,
            ids_gone=len(paths),
            unreadable_s=unreadable_s,
            certified_s=certified_s,
        )

    def _join(self) -> None:
        who = self.person
        with self.teller.step("A synthetic person signs up and sends photos"):
            self.api.sign_up(who.name, who.email, who.password, who.born)
            self.api.sign_in(who.email, who.password)
            self.api.upload([(upload.name, upload.data) for upload in who.uploads])

    def _train(self) -> str:
        photos = [artifact.id for artifact in self.api.artifacts("photo")]
        ends = time.monotonic() + self.training_s
        with self.teller.step("A model of this person") as step:
            training = self.api.train(photos, preset="fast")
            while training.state not in _ENDED:
                if time.monotonic() > ends:
                    raise Broken(f"The training is {training.state} after {self.training_s:.0f} s.")
                time.sleep(POLL_S)
                training = self.api.training(training.id)
                step.part(training.progress, training.state)
        if training.model is None:
            raise Broken(f"The training {training.state} ({training.error}).")
        return training.model

    def _erase(self, started: float) -> tuple[RequestAnswer, float]:
        with self.teller.step("The account is erased") as step:
            request = self.api.erase_account()
            unreadable_s = time.monotonic() - started
            while request.completed_at is None:
                if time.monotonic() - started > self.erasure_s:
                    raise Broken(f"The erasure {request.id} is {request.state} after {self.erasure_s:.0f} s.")
                time.sleep(POLL_S)
                request = self.api.request(request.id)
                step.part(0.5, request.state)
        return request, unreadable_s

    def _verify(self, request: RequestAnswer) -> VerifiedCertificate:
        with self.teller.step("The certificate is verified offline"):
            try:
                return verify(self.api.certificate(request.id))
            except CertificateError as error:
                raise Broken(f"The certificate of {request.id} does not hold: {error}") from error

    def _all_gone(self, paths: list[str]) -> None:
        with self.teller.step(f"All {len(paths)} ids are asked for again"):
            answers = {path: self.api.status_of(path) for path in paths}
        wrong = {path: status for path, status in answers.items() if status != httpx.codes.GONE}
        if wrong:
            raise Broken(f"These did not answer 410 Gone: {wrong}")
