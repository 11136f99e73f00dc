import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from cluster.client.errors import ApiError
from cluster.client.rights import RightsApi

RIGHT = {
    "id": "req_1", "right": "access", "state": "received", "outcome": None, "purpose": None, "artifact": None,
    "result": None, "answer": None, "extended": False, "created_at": "2026-11-24T04:00:00Z",
    "due_at": "2026-12-24T04:00:00Z", "answered_at": None,
}  # fmt: skip
QUEUED = RIGHT | {"subject": "sub_1", "channel": "api"}
BREACH = {
    "id": "bre_1", "reference": "incident-12", "nature": ["confidentiality"], "kinds": [], "people": 3, "risk": "high",
    "state": "found", "found_at": "2026-11-24T04:00:00Z", "due_at": "2026-11-27T04:00:00Z", "notified_at": None,
    "late_reason": None, "people_told_at": None, "closed_at": None,
}  # fmt: skip
RECORD = {"subject": "sub_1"}


class Wire:
    """Answers every request with `answer` and keeps what was asked."""

    def __init__(self, answer: Any, status: int = 200) -> None:
        self.answer, self.status = answer, status
        self.seen: list[httpx.Request] = []

    def api(self) -> RightsApi:
        return RightsApi("http://service", "pxr_1", transport=httpx.MockTransport(self._handle))

    def sent(self) -> tuple[str, str, Any]:
        (request,) = self.seen
        return request.method, request.url.path, json.loads(request.content) if request.content else None

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        return httpx.Response(self.status, json=self.answer)


def test_a_right_is_exercised_with_what_it_needs_and_no_more() -> None:
    wire = Wire(RIGHT)
    assert wire.api().exercise("objection", purpose="marketing").id == "req_1"
    assert wire.sent() == ("POST", "/v1/rights", {"right": "objection", "purpose": "marketing"})


def test_an_archive_goes_up_as_a_zip() -> None:
    wire = Wire({"ids": {"art_1": "art_2"}})
    assert wire.api().take_over(b"PK..").ids == {"art_1": "art_2"}
    (request,) = wire.seen
    assert request.url.path == "/v1/imports"
    assert b'filename="export.zip"' in request.content
    assert b"application/zip" in request.content


def test_the_officers_queue_is_read_to_its_last_page() -> None:
    asked: list[dict[str, str]] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        after = request.url.params.get("after")
        return httpx.Response(200, json={"data": [QUEUED], "next": None if after else "req_1"})

    found = RightsApi("http://service", "pxr_1", transport=httpx.MockTransport(handle)).queue(only_open=False)
    assert [each.subject for each in found] == ["sub_1", "sub_1"]
    assert asked == [{"only_open": "false"}, {"only_open": "false", "after": "req_1"}]


Call = Callable[[RightsApi], object]
CALLS: dict[str, tuple[Call, Any, tuple[str, str, Any]]] = {
    "look": (lambda api: api.right("req_1"), RIGHT, ("GET", "/v1/rights/req_1", None)),
    "decide": (
        lambda api: api.decide("req_1", "granted", "Here it is."),
        QUEUED,
        ("POST", "/v1/dpo/requests/req_1/answer", {"outcome": "granted", "message": "Here it is."}),
    ),
    "extend": (lambda api: api.extend("req_1"), QUEUED, ("POST", "/v1/dpo/requests/req_1/extension", None)),
    "alarms": (lambda api: api.alarms(), {"data": []}, ("GET", "/v1/dpo/alarms", None)),
    "take down": (
        lambda api: api.take_down("art_1", "child"),
        {"request": "req_2", "reason": "child", "ordered_at": "2026-11-24T04:00:00Z"},
        ("POST", "/v1/dpo/takedowns", {"target": "art_1", "reason": "child"}),
    ),
    "disclose": (
        lambda api: api.disclose(RECORD),
        RECORD
        | {"id": "dis_1", "recipient": "police", "basis": "law", "reference": "case", "kinds": ["photo"]}
        | {"disclosed_at": "2026-11-24T04:00:00Z"},
        ("POST", "/v1/dpo/disclosures", RECORD),
    ),
    "transfer": (
        lambda api: api.transfer(RECORD),
        RECORD | {"id": "tra_1", "processor": "gpu", "fields": ["bytes"], "sent_at": "2026-11-24T04:00:00Z"},
        ("POST", "/v1/dpo/transfers", RECORD),
    ),
    "hold": (
        lambda api: api.hold({"artifact": "art_1"}),
        {"id": "hol_1", "artifact": "art_1", "basis": "bookkeeping-act", "until": "2031-12-31T00:00:00Z"},
        ("POST", "/v1/dpo/holds", {"artifact": "art_1"}),
    ),
    "release": (lambda api: api.release("hol_1"), {}, ("DELETE", "/v1/dpo/holds/hol_1", None)),
    "breach": (lambda api: api.record_breach({"people": 3}), BREACH, ("POST", "/v1/dpo/breaches", {"people": 3})),
    "breaches": (lambda api: api.breaches(), {"data": [BREACH]}, ("GET", "/v1/dpo/breaches", None)),
    "a breach's step": (
        lambda api: api.advance_breach("bre_1", "notified", "found-late"),
        BREACH,
        ("POST", "/v1/dpo/breaches/bre_1/steps", {"step": "notified", "late_reason": "found-late"}),
    ),
    "register": (lambda api: api.register(), {"controller": "x"}, ("GET", "/v1/dpo/register", None)),
    "report": (lambda api: api.report(), {"erasures": 1}, ("GET", "/v1/dpo/report", None)),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_each_call_asks_for_what_it_says(name: str) -> None:
    call, answer, expected = CALLS[name]
    wire = Wire(answer)
    call(wire.api())
    assert wire.sent() == expected


def test_without_the_officers_scope_the_refusal_is_passed_on() -> None:
    problem = {"status": 403, "code": "forbidden", "detail": "This token lacks the scope `dpo`."}
    with pytest.raises(ApiError, match="scope") as refused:
        Wire(problem, 403).api().report()
    assert (refused.value.status, refused.value.code) == (403, "forbidden")
