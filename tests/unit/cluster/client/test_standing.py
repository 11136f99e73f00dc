"""Passwords and roles as the service is asked for them."""

import json

import httpx

from cluster.client.standing import StandingApi


def test_each_is_asked_for_as_the_service_takes_it() -> None:
    seen: list[tuple[str, str, dict[str, str]]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.path, json.loads(request.content)))
        assert request.method != "POST" or request.headers["Idempotency-Key"]
        return httpx.Response(200, json={"id": "sub_1", "role": "dpo"})

    api = StandingApi("http://service", transport=httpx.MockTransport(handler))
    api.confirm("c0de")
    api.change_password("old", "new")
    api.forgot_password("ada@example.org")
    api.reset_password("c0de", "new")
    assert api.appoint("ada@example.org", "dpo").role == "dpo"
    assert seen == [
        ("POST", "/v1/confirmations", {"code": "c0de"}),
        ("POST", "/v1/account/password", {"current": "old", "new": "new"}),
        ("POST", "/v1/password-resets", {"email": "ada@example.org"}),
        ("POST", "/v1/passwords", {"code": "c0de", "password": "new"}),
        ("PUT", "/v1/staff", {"email": "ada@example.org", "role": "dpo"}),
    ]
