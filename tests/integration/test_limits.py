"""What a stricter installation asks of everybody: a confirmed address before anything is spent, and no haste."""

from collections.abc import Iterator

import httpx
import pytest

from cluster.embedded.throwaway import Servers
from tests.integration.house import SETTINGS, House, open_house
from tests.integration.people import newcomer, picture
from tests.integration.test_standing import code_in
from tests.support.mail import Mailbox

A_MINUTE = 6


@pytest.fixture(scope="module")
def strict_house(servers: Servers, mailbox: Mailbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    accounts = SETTINGS.accounts.model_copy(update={"require_confirmation": True, "requests_per_minute": A_MINUTE})
    settings = SETTINGS.model_copy(update={"accounts": accounts, "mail": mailbox.settings})
    with open_house(servers, tmp_path_factory.mktemp("strict"), settings=settings) as running:
        yield running


def test_nothing_is_spent_before_the_address_is_confirmed(strict_house: House, mailbox: Mailbox) -> None:
    somebody = newcomer(strict_house)
    photo = [("photos", ("a.png", picture(), "image/png"))]
    refused = somebody.http.post("/v1/uploads", files=photo)
    assert (refused.status_code, refused.json()["code"]) == (403, "unconfirmed")
    refused = somebody.picture()
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "unconfirmed")
    code = code_in(mailbox, somebody, "Confirm your address")
    assert httpx.post(f"{strict_house.url}/v1/confirmations", json={"code": code}).status_code == 204
    assert somebody.http.post("/v1/uploads", files=photo).status_code == 201
    assert somebody.picture().status_code == 200


def test_too_many_requests_of_one_token_wait_and_others_do_not(strict_house: House) -> None:
    hasty, other = newcomer(strict_house), newcomer(strict_house)
    taken = 0
    while (answer := hasty.http.get("/v1/account")).status_code == 200:
        taken += 1
        assert taken < 5 * A_MINUTE
    assert taken >= A_MINUTE
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert 0 < int(answer.headers["Retry-After"]) <= 60 // A_MINUTE
    assert other.http.get("/v1/account").status_code == 200
