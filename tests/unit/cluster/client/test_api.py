import base64
import json
import socket
from collections.abc import Callable
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx
import pytest

from cluster.client.api import Api, alive, pictures
from cluster.client.errors import ApiError, Unreachable
from serve_apps.ingress.schemas.lineage import LineageFormat

Handler = Callable[[httpx.Request], httpx.Response]
ACCOUNT = {
    "id": "sub_1", "name": "Ada", "email": "ada@example.org", "region": "eu", "status": "active",
    "age_checked": True, "language": "en", "confirmed": False, "role": "client", "created_at": "2026-11-24T04:00:00Z",
}  # fmt: skip
PHOTO = {
    "id": "art_1", "kind": "photo", "purpose": "training", "parents": [], "run": None, "state": "live", "size": 3,
    "created_at": "2026-11-24T04:00:00Z", "deadline": None,
}  # fmt: skip


def api(handler: Handler, token: str | None = None) -> Api:
    return Api("http://service", token, transport=httpx.MockTransport(handler))


def test_signing_up_sends_what_the_service_asks_for() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json=ACCOUNT)

    answer = api(handler).sign_up("Ada", "ada@example.org", "a long password", date(1990, 1, 31))
    assert answer.id == "sub_1"
    assert json.loads(seen[0].content)["date_of_birth"] == "1990-01-31"
    assert "region" not in json.loads(seen[0].content)


def test_lineage_comes_as_it_was_written() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/artifacts/art_1/lineage"
        return httpx.Response(200, content=request.url.params["format"].encode())

    assert api(handler).lineage("art_1") == b"json"
    assert api(handler).lineage("art_1", LineageFormat.SVG) == b"svg"


def test_every_post_has_an_idempotency_key_of_its_own() -> None:
    keys: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        return httpx.Response(201, json=ACCOUNT)

    client = api(handler)
    for _ in range(2):
        client.sign_up("Ada", "ada@example.org", "a long password", date(1990, 1, 31))
    assert len(set(keys)) == 2


def test_after_signing_in_the_token_is_used() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/sessions":
            return httpx.Response(
                201, json={"id": "tok_1", "access_token": "pxr_1", "scopes": [], "expires_at": "2026-11-24T04:00:00Z"}
            )
        return httpx.Response(200 if request.headers.get("Authorization") == "Bearer pxr_1" else 401, json=ACCOUNT)

    client = api(handler)
    client.sign_in("ada@example.org", "a long password")
    assert client.account().name == "Ada"


def test_photos_go_up_as_one_form() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["Content-Type"].startswith("multipart/form-data")
        body = request.read()
        assert body.count(b'name="photos"') == 2
        assert b"one" in body
        return httpx.Response(201, json={"data": [PHOTO, PHOTO]})

    assert len(api(handler).upload([("a.png", b"one"), ("b.png", b"two")])) == 2


def test_lists_are_read_to_their_last_page() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        last = request.url.params.get("after") == "art_1"
        return httpx.Response(200, json={"data": [PHOTO], "next": None if last else "art_1"})

    assert len(list(api(handler).artifacts("photo"))) == 2


def test_knobs_travel_in_the_recipe_and_nothing_where_none_are_turned() -> None:
    sent: list[object] = []

    def handler(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(404, json={"status": 404, "code": "not_found", "detail": "Not found."})

    for recipe in ({"steps": 240}, None):
        with pytest.raises(ApiError):
            api(handler).train(["art_1"], "fast", recipe=recipe)
    plain = {"photos": ["art_1"], "preset": "fast", "captions": {}}
    assert sent == [{**plain, "recipe": {"steps": 240}}, plain]


def test_pictures_are_decoded() -> None:
    data = {"b64_json": base64.b64encode(b"png").decode(), "artifact": "art_1", "seed": 7}

    def handler(request: httpx.Request) -> httpx.Response:
        sent = json.loads(request.content)
        assert sent == {"prompt": "sks person", "response_format": "b64_json", "model": "art_9", "seed": 7}
        return httpx.Response(200, json={"created": 1, "data": [data], "size": "64x64"})

    assert pictures(api(handler).generate("sks person", "art_9", seed=7)) == [b"png"]


def test_a_problem_document_becomes_an_error_with_its_code_and_complaints() -> None:
    problem = {
        "status": 422, "code": "invalid", "detail": "Not valid.",
        "errors": [{"field": "photo 2", "code": "too_small", "detail": "it is 3 pixels wide"}],
    }  # fmt: skip
    with pytest.raises(ApiError) as refused:
        api(lambda _: httpx.Response(422, json=problem)).account()
    assert (refused.value.status, refused.value.code) == (422, "invalid")
    assert "photo 2: it is 3 pixels wide" in refused.value.way_out


def test_openais_error_shape_and_no_shape_at_all() -> None:
    answer = {
        "error": {"message": "No such model.", "type": "invalid_request_error", "param": None, "code": "not_found"}
    }
    with pytest.raises(ApiError, match="No such model") as refused:
        api(lambda _: httpx.Response(404, json=answer)).generate("x")
    assert refused.value.code == "not_found"
    with pytest.raises(ApiError, match="502"):
        api(lambda _: httpx.Response(502, text="<html>")).account()


def test_a_silent_service_is_explained() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(Unreachable, match="Nobody answers at http://service"):
        api(handler).account()


def test_the_status_alone() -> None:
    assert api(lambda _: httpx.Response(410)).status_of("/v1/artifacts/art_1") == 410


def test_a_connection_is_probed_so_that_a_machine_that_is_gone_is_noticed() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        Thread(target=server.handle_request, daemon=True).start()
        with (
            httpx.Client(transport=alive(None)) as client,
            client.stream("GET", f"http://127.0.0.1:{server.server_port}/") as answer,
        ):
            connection = answer.extensions["network_stream"].get_extra_info("socket")
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5
