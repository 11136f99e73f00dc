"""`/v1/trainings`: a model of one's own."""

from fastapi import APIRouter, Response

from governance.model import JobId
from serve_apps.ingress.auth import TrainingsCaller
from serve_apps.ingress.idempotency import IdempotencyKey
from serve_apps.ingress.pages import JobCursor
from serve_apps.ingress.schemas.common import ListOf, problems
from serve_apps.ingress.schemas.trainings import NewTraining, TrainingAnswer, training_answer
from serve_apps.ingress.services import Parts
from serve_apps.ingress.trainings import begin

router = APIRouter(prefix="/v1/trainings", tags=["trainings"])


@router.post("", status_code=202, responses=problems(402, 404, 409))
async def create_training(
    body: NewTraining, caller: TrainingsCaller, response: Response, parts: Parts, key: IdempotencyKey = None
) -> TrainingAnswer:
    """Queues the training of a model from your photos; follow `Location` for its progress."""
    job = await begin(parts, caller.id, body, key)
    response.headers["Location"] = f"/v1/trainings/{job.id}"
    return training_answer(job)


@router.get("", responses=problems())
async def list_trainings(caller: TrainingsCaller, parts: Parts, cursor: JobCursor) -> ListOf[TrainingAnswer]:
    """Your trainings, newest first."""
    page = await parts.governance.jobs(caller.id, cursor.after, cursor.limit)
    return ListOf(data=[training_answer(job) for job in page.items], next=page.next)


@router.get("/{training_id}", responses=problems(404))
async def read_training(training_id: str, caller: TrainingsCaller, parts: Parts) -> TrainingAnswer:
    """State, progress (0 to 1), place in the queue, and the model once it is there."""
    return training_answer(await parts.governance.job(JobId(training_id), caller.id))


@router.post("/{training_id}/cancel", status_code=202, responses=problems(404, 409))
async def cancel_training(
    training_id: str, caller: TrainingsCaller, parts: Parts, _key: IdempotencyKey = None
) -> TrainingAnswer:
    """A queued training ends at once, a running one within seconds; a finished one cannot be canceled."""
    return training_answer(await parts.governance.cancel_job(JobId(training_id), caller.id))
