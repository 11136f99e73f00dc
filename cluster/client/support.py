"""The client's side of support."""

from collections.abc import Sequence

from cluster.client.api import Api, idempotent
from serve_apps.ingress.schemas.support import TicketAnswer


class SupportApi(Api):
    """Raises what `Api` raises."""

    def ask(self, message: str, attachments: Sequence[tuple[str, bytes]] = ()) -> TicketAnswer:
        """`attachments`: names and bytes of pictures or texts; pictures lose their metadata."""
        return self._send_form("/v1/support/tickets", message, attachments)

    def ask_again(self, ticket: str, message: str, attachments: Sequence[tuple[str, bytes]] = ()) -> TicketAnswer:
        return self._send_form(f"/v1/support/tickets/{ticket}/messages", message, attachments)

    def ticket(self, ticket: str) -> TicketAnswer:
        return self._get(TicketAnswer, f"/v1/support/tickets/{ticket}")

    def close_ticket(self, ticket: str) -> TicketAnswer:
        return TicketAnswer.model_validate_json(self._send("DELETE", f"/v1/support/tickets/{ticket}").content)

    def _send_form(self, path: str, message: str, attachments: Sequence[tuple[str, bytes]]) -> TicketAnswer:
        files: list[tuple[str, tuple[str | None, bytes]]] = [("message", (None, message.encode()))]
        files += [("attachments", (name, data)) for name, data in attachments]
        response = self._send("POST", path, files=files, headers=idempotent())
        return TicketAnswer.model_validate_json(response.content)
