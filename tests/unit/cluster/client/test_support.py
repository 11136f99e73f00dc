import httpx

from cluster.client.support import SupportApi

TICKET = {
    "object": "ticket", "id": "tkt_1", "state": "open", "created_at": "2026-01-31T12:00:00Z",
    "changed_at": "2026-01-31T12:00:00Z", "messages": [],
}  # fmt: skip


def test_a_question_goes_as_a_form_with_its_attachments_and_a_key() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json=TICKET)

    client = SupportApi("http://service.test", "pxr_1", transport=httpx.MockTransport(answer))
    assert client.ask("Hej", [("a.txt", b"log")]).id == "tkt_1"
    body = seen[0].read()
    assert b'name="message"\r\n\r\nHej' in body
    assert b'name="attachments"; filename="a.txt"' in body
    assert seen[0].headers["Idempotency-Key"]
    assert client.ask_again("tkt_1", "Igen").id == client.ticket("tkt_1").id == client.close_ticket("tkt_1").id
    ticket = "/v1/support/tickets/tkt_1"
    assert [one.url.path for one in seen[1:]] == [f"{ticket}/messages", ticket, ticket]
