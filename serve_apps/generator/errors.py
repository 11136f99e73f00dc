"""Why a picture was not made. One error with a stable code, because it crosses processes as data.

code                status
busy                503   the queue is full; try again after `retry_after_s`
draining            503   this replica is going away
invalid_request     422   the engine cannot serve what was asked
model_unavailable   409   the model was erased, or does not fit the base
frozen              403   processing is restricted for this person
gone                410   the model was erased while the picture was being made
deadline_exceeded   504   nobody waited so long
canceled            499   the client went away
generation_failed   500   everything else
"""

STATUS = {
    "busy": 503,
    "draining": 503,
    "invalid_request": 422,
    "model_unavailable": 409,
    "frozen": 403,
    "gone": 410,
    "deadline_exceeded": 504,
    "canceled": 499,
    "generation_failed": 500,
}


class GenerationFailed(Exception):
    """The picture was not made; `code` says why."""

    def __init__(self, code: str, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(code, detail, retry_after_s)
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s

    @property
    def status(self) -> int:
        return STATUS.get(self.code, 500)

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"
