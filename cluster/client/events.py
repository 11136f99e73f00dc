"""The client's side of events: read, followed across broken connections, and sent to webhooks."""

import json
from collections.abc import Iterator, Sequence
from time import sleep

import httpx

from cluster.client.api import Api
from serve_apps.ingress.schemas.common import ListOf
from serve_apps.ingress.schemas.events import EventAnswer, EventsAnswer
from serve_apps.ingress.schemas.webhooks import DeliveryAnswer, SentAnswer, WebhookAnswer

REST_S = 1.0
"""Between a connection that broke and the next one."""


class EventsApi(Api):
    """Raises what `Api` raises."""

    def events(self, after: int = 0, about: str | None = None) -> EventsAnswer:
        """One page of what happened, oldest first; `about` is the id of a training, artifact, request or order."""
        given = {"after": after} | ({"about": about} if about else {})
        return EventsAnswer.model_validate_json(self._send("GET", "/v1/events", params=given).content)

    def follow(self, after: int | None = None, about: str | None = None) -> Iterator[EventAnswer]:
        """Every event after that one as it happens, without end. A connection that breaks is made again and leaves
        none out; `after` None begins now."""
        given = {"about": about} if about else {}
        while True:
            headers = {} if after is None else {"Last-Event-ID": str(after)}
            try:
                with self._http.stream("GET", "/v1/events/stream", params=given, headers=headers) as answer:
                    if answer.is_error:
                        answer.read()
                    self._refuse(answer)
                    for event in _parsed(answer.iter_lines()):
                        after = event.number
                        yield event
            except httpx.TransportError:
                sleep(REST_S)

    def add_webhook(self, url: str, types: Sequence[str] = ()) -> WebhookAnswer:
        """`secret` of the answer is what messages are verified with; see https://www.standardwebhooks.com."""
        return self._post(WebhookAnswer, "/v1/webhooks", {"url": url, "types": list(types)})

    def webhooks(self) -> list[WebhookAnswer]:
        return ListOf[WebhookAnswer].model_validate_json(self._send("GET", "/v1/webhooks").content).data

    def webhook(self, webhook: str) -> WebhookAnswer:
        return self._get(WebhookAnswer, f"/v1/webhooks/{webhook}")

    def test_webhook(self, webhook: str) -> SentAnswer:
        return self._post(SentAnswer, f"/v1/webhooks/{webhook}/test", None)

    def renew_secret(self, webhook: str) -> WebhookAnswer:
        return self._post(WebhookAnswer, f"/v1/webhooks/{webhook}/secret", None)

    def deliveries(self, webhook: str) -> list[DeliveryAnswer]:
        path = f"/v1/webhooks/{webhook}/deliveries"
        return ListOf[DeliveryAnswer].model_validate_json(self._send("GET", path).content).data

    def redeliver(self, webhook: str, event: str) -> DeliveryAnswer:
        return self._post(DeliveryAnswer, f"/v1/webhooks/{webhook}/deliveries/{event}/redelivery", None)

    def delete_webhook(self, webhook: str) -> None:
        self._send("DELETE", f"/v1/webhooks/{webhook}")


def _parsed(lines: Iterator[str]) -> Iterator[EventAnswer]:
    """`data` lines of server-sent events; the service writes one for each event."""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "data" and "number" in (told := json.loads(value)):
            yield EventAnswer.model_validate(told)
