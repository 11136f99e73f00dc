"""What governance asks of every third party (P5.4). A new one inherits the contract suite of
`tests/contract/processors.py` and is named in `register.py`."""

from dataclasses import dataclass
from typing import Protocol

from governance.audit.certificate import ProcessorAnswer
from governance.model import RequestId, SubjectId


@dataclass(frozen=True, slots=True)
class Registration:
    """Its entry in the register of processors: a lower-case word, where it is, what for, and which fields it gets."""

    name: str
    region: str
    purpose: str
    fields: tuple[str, ...]


class Processor(Protocol):
    """One third party."""

    @property
    def registration(self) -> Registration: ...

    async def erase(self, subject: SubjectId, request: RequestId) -> ProcessorAnswer:
        """Tell it to erase all it holds of a person. Asked again with the same request it answers the same or better;
        PENDING means ask again later. Raises `Unavailable` when it cannot be reached."""
