"""What the engine's and governance's refusals mean to the person who waits for a picture."""

from governance.errors import Fenced, Frozen, Gone, GovernanceError, NotFound, Unavailable
from serve_apps.engine.errors import (
    AdapterDropped,
    AdapterUnavailable,
    Cancelled,
    DeadlineExceeded,
    EngineClosed,
    EngineFull,
    InvalidRequest,
)
from serve_apps.generator.errors import GenerationFailed

DRAINING_RETRY_S = 2.0

MEANINGS: tuple[tuple[type[Exception], str, str], ...] = (
    (EngineFull, "busy", "all places are taken; try again"),
    (EngineClosed, "draining", "this replica is going away; try again"),
    (DeadlineExceeded, "deadline_exceeded", "the picture was not done in time; try again"),
    (Cancelled, "canceled", "the picture was canceled"),
    (Frozen, "frozen", "processing is restricted for this person; lift the restriction first"),
    (AdapterDropped, "gone", "the model was erased, has expired, or its owner restricted processing"),
    (Gone, "gone", "the model was erased or has expired"),
    (NotFound, "gone", "the model was erased or has expired"),
    (Fenced, "gone", "something the picture depends on was erased while it was made"),
    (Unavailable, "busy", "storage cannot be reached; try again"),
    (AdapterUnavailable, "model_unavailable", "the model does not fit this base model"),
)


def failure_of(error: BaseException) -> GenerationFailed:
    """The failure with its stable code. An adapter that could not be fetched failed for what governance said."""
    if isinstance(error, GenerationFailed):
        return error
    if isinstance(error, InvalidRequest):
        return GenerationFailed("invalid_request", str(error))
    said = _said_by_governance(error) if isinstance(error, AdapterUnavailable) else None
    reason = said or error
    for kind, code, detail in MEANINGS:
        if isinstance(reason, kind):
            return GenerationFailed(code, detail, _retry_after(reason))
    return GenerationFailed("generation_failed", "the picture could not be made")


def _said_by_governance(error: BaseException) -> GovernanceError | None:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, GovernanceError):
        cause = cause.__cause__ or cause.__context__
    return cause


def _retry_after(reason: BaseException) -> float | None:
    if isinstance(reason, EngineFull | Unavailable):
        return reason.retry_after_s
    return DRAINING_RETRY_S if isinstance(reason, EngineClosed) else None
