"""How the ingress reaches a generator: an order in, events out, until every picture is finished or one failed.

Closing the iterator early (the client went away) cancels what is still running.
"""

from collections.abc import AsyncGenerator
from typing import Protocol

from serve_apps.generator.wire import Event, Order, Transport


class GeneratorClient(Protocol):
    """The interface; `service.Generator` implements it in process, `deployment.ServeGenerator` over Ray Serve."""

    @property
    def transport(self) -> Transport:
        """Opens the previews among the events."""

    def generate(self, order: Order) -> AsyncGenerator[Event, None]:
        """Events in the order they happen, of all pictures mixed. Ends after one `Finished` for each picture;
        raises `GenerationFailed` at the first that fails, and then cancels the others."""
