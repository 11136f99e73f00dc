"""Rectification (P2.2, P7.5): the record is corrected, and what was derived from the wrong one goes or is made anew."""

from governance.model import ArtifactId, By, Job, JobState, Kind, NewArtifact, NewJob, Purpose, RequestId, SubjectId
from governance.rights.model import NewRightsRequest, Outcome, Right, RightsRequest, Settlement
from serve_apps.ingress import accounts
from serve_apps.ingress.errors import Invalid
from serve_apps.ingress.recipes import work_of
from serve_apps.ingress.services import Services

_WORTH_REPEATING = (JobState.QUEUED, JobState.STARTING, JobState.PROCESSING, JobState.SUCCEEDED)


async def correct_name(parts: Services, owner: SubjectId, name: str) -> RightsRequest:
    """The old profile goes with everything that was made from it, archives too."""
    request = await parts.governance.ask(NewRightsRequest(Right.RECTIFICATION, owner))
    await accounts.correct(parts, owner, name)
    return await parts.governance.settle(request.id, Settlement(Outcome.FULFILLED))


async def correct_caption(parts: Services, owner: SubjectId, caption: str, text: str, rederive: bool) -> RightsRequest:
    """The new caption is written first; then the wrong one is erased with the models and pictures made from it. With
    `rederive` the trainings that used it are queued again. `Invalid` for what is no caption."""
    wrong = await parts.governance.artifact(ArtifactId(caption), owner)
    if wrong.kind is not Kind.CAPTION:
        raise Invalid(f"this is a {wrong.kind}; correct a caption, or erase it and upload anew", code="not_a_caption")
    request = await parts.governance.ask(NewRightsRequest(Right.RECTIFICATION, owner, artifact=wrong.id))
    jobs = await _jobs_with(parts, owner, wrong.id) if rederive else []
    new = NewArtifact(Kind.CAPTION, (owner,), Purpose.TRAINING, wrong.parents)
    right = await parts.holder.write(new, bytearray(text.encode()))
    await parts.governance.erase(wrong.id, By.SUBJECT, owner)
    for job in jobs:
        await _again(parts, request.id, job, wrong.id, right.id)
    return await parts.governance.settle(request.id, Settlement(Outcome.FULFILLED, result=right.id))


async def _jobs_with(parts: Services, owner: SubjectId, input_: ArtifactId) -> list[Job]:
    found: list[Job] = []
    after: str | None = None
    while True:
        page = await parts.governance.jobs(owner, after, 100)
        found += [job for job in page.items if input_ in job.inputs and job.state in _WORTH_REPEATING]
        if page.next is None:
            return found
        after = page.next


async def _again(parts: Services, request: RequestId, job: Job, wrong: ArtifactId, right: ArtifactId) -> None:
    settings = parts.settings.trainings
    work = work_of(settings, job.preset, job.params)
    await parts.governance.enqueue_job(
        NewJob(
            owner=job.owner,
            inputs=tuple(right if one == wrong else one for one in job.inputs),
            preset=job.preset,
            params=job.params,
            idempotency_key=f"{request}-{job.id}",
            gpu_seconds=work.gpu_seconds(settings),
            memory_mb=settings.memory_mb,
        )
    )
