"""Finished adapters, handed to who makes pictures with them, so that nobody's first picture waits for storage.

What is handed over is sealed as it was stored (I5): who takes it in asks governance for a grant all the same.
"""

from typing import Protocol

from governance.model import ArtifactId
from training.config import TrainingSettings
from training.plugins import factory_of


class Receiver(Protocol):
    """Makes pictures with finished adapters."""

    def expect(self) -> None:
        """One is about to be finished: time to look for the way there. Returns at once."""

    async def offer(self, adapter: ArtifactId, sealed: bytes) -> bool:
        """Whether it was taken in; a receiver that is far or busy refuses within seconds. Raises nothing."""


class Nobody:
    """Where no pictures are made beside the training."""

    def expect(self) -> None:
        pass

    async def offer(self, adapter: ArtifactId, sealed: bytes) -> bool:
        return False


def receiver_for(settings: TrainingSettings) -> Receiver:
    """The receiver that the settings name. `InvalidJob` when it cannot be found."""
    if not settings.worker.receiver:
        return Nobody()
    made: Receiver = factory_of("worker.receiver", settings.worker.receiver)()
    return made
