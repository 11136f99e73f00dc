import json
from typing import Any

import httpx
import pytest

from cluster.client.api import Api
from cluster.demo.drill import Drill
from cluster.demo.errors import Broken
from cluster.demo.world import fresh_person
from cluster.progress import Silent


def test_somebody_joins_leaves_and_is_gone(house: Any) -> None:
    with Api(house.url) as api:
        drilled = Drill(api, fresh_person(), Silent()).run(train=False)
    # Profile, photos, prompt and picture at least.
    assert drilled.ids_gone >= 1 + 8 + 1 + 1
    assert 0 < drilled.unreadable_s <= drilled.certified_s
    assert not drilled.trained


class Forgetful(httpx.BaseTransport):
    """The service, but an id that must be gone is still there."""

    def __init__(self) -> None:
        self._real = httpx.HTTPTransport()
        self._erased = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._erased = self._erased or (request.method, request.url.path) == ("DELETE", "/v1/account")
        if self._erased and request.url.path.startswith("/v1/artifacts/"):
            return httpx.Response(200, json={})
        return self._real.handle_request(request)

    def close(self) -> None:
        self._real.close()


class Forging(Forgetful):
    """The service, but the certificate was changed on the way."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._real.handle_request(request)
        if not request.url.path.endswith("/certificate"):
            return answer
        forged = json.loads(answer.read())
        forged["body"]["request"] = "req_" + "0" * 32
        return httpx.Response(200, json=forged)


@pytest.mark.parametrize(("wire", "complaint"), [(Forgetful, "410 Gone"), (Forging, "does not hold")])
def test_a_promise_that_is_not_kept_fails_the_drill(house: Any, wire: type[Forgetful], complaint: str) -> None:
    with Api(house.url, transport=wire()) as api, pytest.raises(Broken, match=complaint):
        Drill(api, fresh_person(), Silent()).run(train=False)
