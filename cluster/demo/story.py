"""The story that `make run` tells, step by step; every claim is checked, and one that fails ends it.

1 everything is started   2 sign up   3 upload   4 pictures before   5 train   6 pictures after   7 contact sheet
8 erase   9 certificate, offline   10 every id is gone   11 nothing is left   12 everything is stopped
"""

import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from PIL import Image
from pydantic import BaseModel, ConfigDict

from cluster.client.api import Api, pictures
from cluster.demo.errors import Broken
from cluster.demo.residue import ResidueScan, Traces
from cluster.demo.scores import likeness
from cluster.demo.sheet import Compared, Scored, contact_sheet
from cluster.demo.world import Person, stranger_files
from cluster.installation import Installation
from cluster.progress import Teller
from governance.audit.errors import CertificateError
from governance.audit.verify import VerifiedCertificate, verify
from governance.residue.report import ScanReport
from serve_apps.ingress.schemas.requests import RequestAnswer
from training.jobs import Param

POLL_S = 0.5
# Far beyond what they take; a machine busy with other things is no fault of the service.
TRAINING_S = 1800.0
ERASURE_S = 300.0
_ENDED = frozenset({"succeeded", "failed", "canceled"})


class Outcome(BaseModel):
    """What the demonstration showed, for `--json`. Scores from 0 to 1; times in seconds."""

    model_config = ConfigDict(frozen=True)

    contact_sheet: Path
    certificate: Path
    key_id: str
    score_before: float
    score_after: float
    ids_gone: int
    scanned_bytes: int
    training_s: float
    unreadable_s: float
    certified_s: float


@dataclass
class Ids:
    """Paths of everything the service named, each of which must be gone in the end."""

    paths: list[str] = field(default_factory=list)

    def artifact(self, artifact: str) -> None:
        self.paths.append(f"/v1/artifacts/{artifact}")

    def training(self, training: str) -> None:
        self.paths.append(f"/v1/trainings/{training}")


class Story:
    """Tells it on a running installation, as a client of its HTTP API."""

    def __init__(self, installation: Installation, api: Api, person: Person, out: Path, teller: Teller) -> None:
        self._installation = installation
        self._api = api
        self._person = person
        self._out = out
        self._teller = teller
        self._ids = Ids()

    def tell(self, recipe: Mapping[str, Param]) -> Outcome:
        """Steps 2 to 11; `recipe`: knobs of the training that differ from the preset's. Raises Broken for a promise not
        kept, ApiError when the service refuses."""
        photos = self._join()
        before = self._generate(None, "Pictures before the training")
        model, training_s = self._train(photos, recipe)
        after = self._generate(model, "Pictures with the person's own model")
        compared = self._compare(before, after)
        sheet = self._write_sheet(compared)
        traces = self._traces([*before, *after], model)
        request, unreadable_s, certified_s = self._erase()
        checked, certificate = self._verify(request)
        self._all_gone()
        report = self._scan(traces)
        return Outcome(
            contact_sheet=sheet,
            certificate=certificate,
            key_id=checked.key_id,
            score_before=_mean([each.before.score for each in compared]),
            score_after=_mean([each.after.score for each in compared]),
            ids_gone=len(self._ids.paths),
            scanned_bytes=sum(report.scanned.values()),
            training_s=training_s,
            unreadable_s=unreadable_s,
            certified_s=certified_s,
        )

    def _join(self) -> list[str]:
        person = self._person
        with self._teller.step("Signing up"):
            self._api.sign_up(person.name, person.email, person.password, person.born)
            self._api.sign_in(person.email, person.password)
            self._ids.paths.append("/v1/account")
        with self._teller.step(f"Uploading {len(person.uploads)} photos"):
            kept = self._api.upload([(upload.name, upload.data) for upload in person.uploads])
        for photo in kept:
            self._ids.artifact(photo.id)
        if len(kept) != len(person.uploads):
            raise Broken(f"{len(person.uploads)} photos were sent and {len(kept)} were kept.")
        return [photo.id for photo in kept]

    def _generate(self, model: str | None, title: str) -> list[bytes]:
        """One picture for each prompt, with the same seeds every time."""
        made: list[bytes] = []
        with self._teller.step(f"{title} ({len(self._person.prompts)})") as step:
            for number, prompt in enumerate(self._person.prompts):
                answer = self._api.generate(prompt, model, n=1, seed=number)
                made += pictures(answer)
                for each in answer.data:
                    self._ids.artifact(each.artifact)
                step.part((number + 1) / len(self._person.prompts))
        return made

    def _train(self, photos: Sequence[str], recipe: Mapping[str, Param]) -> tuple[str, float]:
        """The model's id, and how long it took."""
        captions = {photo: upload.caption for photo, upload in zip(photos, self._person.uploads, strict=True)}
        started = time.monotonic()
        with self._teller.step("Training a model of this person") as step:
            training = self._api.train(photos, captions=captions, recipe=recipe)
            self._ids.training(training.id)
            while training.state not in _ENDED:
                if time.monotonic() - started > TRAINING_S:
                    raise Broken(f"The training is {training.state} after {TRAINING_S:.0f} s.")
                time.sleep(POLL_S)
                training = self._api.training(training.id)
                step.part(training.progress, training.state)
        if training.model is None:
            raise Broken(f"The training {training.state} ({training.error}).")
        self._ids.artifact(training.model)
        return training.model, time.monotonic() - started

    def _compare(self, before: Sequence[bytes], after: Sequence[bytes]) -> list[Compared]:
        photos = [upload.picture for upload in self._person.uploads]
        with self._teller.step("Scoring how much the pictures look like the person"):
            opened = [_open(data) for data in (*before, *after)]
            scored = [Scored(*pair) for pair in zip(opened, likeness(opened, photos), strict=True)]
        half = len(before)
        prompts = self._person.prompts
        return [Compared(*each) for each in zip(prompts, scored[:half], scored[half:], strict=True)]

    def _write_sheet(self, compared: Sequence[Compared]) -> Path:
        path = self._out / "contact-sheet.png"
        contact_sheet([upload.picture for upload in self._person.uploads], compared).save(path)
        before, after = (_mean([getattr(each, when).score for each in compared]) for when in ("before", "after"))
        self._teller.say(f"  likeness before {before:.2f}, after {after:.2f}; contact sheet: {path}")
        if after <= before:
            raise Broken("The model did not learn the person.")
        return path

    def _traces(self, made: Sequence[bytes], model: str) -> Traces:
        """What to look for in the end. The artifact list brings ids that no other call named, such as captions'."""
        known = set(self._ids.paths)
        for artifact in self._api.artifacts():
            if f"/v1/artifacts/{artifact.id}" not in known:
                self._ids.artifact(artifact.id)
        person = self._person
        adapter = self._api.content(model)
        return Traces([each.data for each in person.uploads], made, [person.name, person.email], [adapter])

    def _erase(self) -> tuple[RequestAnswer, float, float]:
        """The finished request; seconds until nothing could be read, and until the certificate."""
        started = time.monotonic()
        with self._teller.step("Erasing the account") as step:
            request = self._api.erase_account()
            unreadable_s = time.monotonic() - started
            while request.completed_at is None:
                if time.monotonic() - started > ERASURE_S:
                    raise Broken(f"The erasure is {request.state} after {ERASURE_S:.0f} s.")
                time.sleep(POLL_S / 2)
                request = self._api.request(request.id)
                step.part(0.5, request.state)
        return request, unreadable_s, time.monotonic() - started

    def _verify(self, request: RequestAnswer) -> tuple[VerifiedCertificate, Path]:
        path = self._out / "certificate.json"
        with self._teller.step("Verifying the certificate offline"):
            path.write_bytes(self._api.certificate(request.id))
            try:
                checked = verify(path.read_bytes())
            except CertificateError as error:
                raise Broken(f"The certificate does not hold: {error}") from error
        erased = ", ".join(f"{count} {kind}" for kind, count in sorted(request.counts.items()))
        self._teller.say(f"  erased: {erased}; signed by key {checked.key_id}; {path}")
        return checked, path

    def _all_gone(self) -> None:
        with self._teller.step(f"Asking for all {len(self._ids.paths)} ids again: each must answer 410"):
            answers = {path: self._api.status_of(path) for path in self._ids.paths}
        wrong = {path: status for path, status in answers.items() if status != httpx.codes.GONE}
        if wrong:
            raise Broken(f"These did not answer 410 Gone: {wrong}")

    def _scan(self, traces: Traces) -> ScanReport:
        installation = self._installation
        with self._teller.step("Looking for traces on the disk and in the memory of every process"):
            scan = ResidueScan(traces, stranger_files())
            if missed := scan.missed():
                raise Broken(f"The scan could not find traces that lay open before it: {missed}")
            folders = dict.fromkeys((installation.home.root, installation.home.ray))
            report = scan.run(folders, installation.processes())
        read = sum(report.scanned.values())
        self._teller.say(f"  {read / 1e9:.1f} GB read for {report.canaries} traces in {report.patterns} forms")
        if not report.clean:
            told = [str(finding) for finding in report.findings[:8]] + [str(each) for each in report.unreadable[:8]]
            raise Broken(f"The scan found {len(report.findings)} traces: {'; '.join(told)}")
        return report


def _open(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
