"""The object store's host, asked whether anything of a person is left under their prefix."""

from governance.audit.certificate import ProcessorAnswer
from governance.blobs.store import BlobStore
from governance.model import RequestId, SubjectId
from governance.processors.processor import Registration


class ObjectHost:
    """The host of the bucket in the register of processors."""

    def __init__(self, store: BlobStore, region: str) -> None:
        self._store = store
        self._registration = Registration("object-storage", region, "hosting", ("sealed-bytes",))

    @property
    def registration(self) -> Registration:
        return self._registration

    async def erase(self, subject: SubjectId, request: RequestId) -> ProcessorAnswer:
        """Bytes under a legal hold are all that may be left when the person's other bytes are gone."""
        left = await self._store.keys(f"{subject.uuid.hex}/")
        return ProcessorAnswer.RETAINED_BY_LAW if left else ProcessorAnswer.ERASED
