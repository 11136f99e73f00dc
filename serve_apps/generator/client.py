"""How the ingress reaches a generator: an order in, events out, until every picture is finished or one failed.

Closing the iterator early (the client went away) cancels what is still running.
"""

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from ray.exceptions import RayError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException

from serve_apps.generator.errors import GenerationFailed
from serve_apps.generator.wire import Event, Failed, Order, Transport, seal_order

LOST_RETRY_S = 2.0
FULL_RETRY_S = 5.0


class GeneratorClient(Protocol):
    """The interface; `service.Generator` implements it in process, `ServeGenerator` over Ray Serve."""

    @property
    def transport(self) -> Transport:
        """Opens the previews among the events."""

    def generate(self, order: Order) -> AsyncGenerator[Event, None]:
        """Events in the order they happen, of all pictures mixed. Ends after one `Finished` for each picture;
        raises `GenerationFailed` at the first that fails, and then cancels the others."""


class ServeGenerator:
    """The generator deployment, through its handle. Orders travel sealed; failures come back as events."""

    def __init__(self, handle: Any, transport: Transport) -> None:
        self._handle = handle.options(stream=True)
        self.transport = transport

    async def generate(self, order: Order) -> AsyncGenerator[Event, None]:
        """See `GeneratorClient.generate`."""
        answers = self._handle.generate.remote(seal_order(order, self.transport))
        try:
            async for event in answers:
                if isinstance(event, Failed):
                    raise GenerationFailed(event.code, event.detail, event.retry_after_s)
                yield event
        except BackPressureError:
            raise GenerationFailed("busy", "all places are taken; try again", FULL_RETRY_S) from None
        except (DeploymentUnavailableError, RayServeException, RayError):
            raise GenerationFailed("busy", "the generator was lost on the way; try again", LOST_RETRY_S) from None
        finally:
            answers.cancel()
