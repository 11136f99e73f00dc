"""A person's program: it knows every address of the API, turns to another when one is silent, and repeats a request
under the key it had, so that nothing is lost and nothing done twice."""

import base64
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

import httpx

from cluster.client.api import CONNECT_S, alive
from cluster.demo.world import Person, fresh_person

ENDED = frozenset({"succeeded", "failed", "canceled"})
# Worth asking again: too much at once, nobody there, not yet.
AGAIN = frozenset({429, 502, 503, 504})
PATIENCE_S = 400.0
PATIENT = httpx.Timeout(60, connect=CONNECT_S)


@dataclass
class Customer:
    """`addresses`: of the API's replicas, asked anew at each attempt."""

    addresses: Callable[[], Sequence[str]]
    trust: ssl.SSLContext
    person: Person = field(default_factory=fresh_person)
    token: str | None = None
    photos: list[str] = field(default_factory=list)
    attempts: int = 0
    said: Counter[int | str] = field(default_factory=Counter)
    erased: bool = False

    def call(self, method: str, path: str, **options: Any) -> Any:
        """The answer's JSON, empty for none. Raises TimeoutError, and HTTPStatusError for what it refuses for good."""
        deadline = time.monotonic() + PATIENCE_S
        headers = {"Idempotency-Key": token_hex(16)} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        said = "nothing"
        while time.monotonic() < deadline:
            known = self.addresses()
            self.attempts += 1
            url = f"https://{known[self.attempts % len(known)]}:8700{path}"
            try:
                with httpx.Client(transport=alive(self.trust), timeout=PATIENT) as client:
                    answer = client.request(method, url, headers=headers, **options)
            except httpx.TransportError as error:
                said = type(error).__name__
                self.said[said] += 1
            else:
                self.said[answer.status_code] += 1
                if answer.status_code not in AGAIN:
                    answer.raise_for_status()
                    return answer.json() if answer.content else {}
                said = f"{answer.status_code} {answer.text[:200]}"
            threading.Event().wait(0.3)
        raise TimeoutError(f"{method} {path}: {said}")

    def join(self) -> None:
        """Signs up and in, and sends half of the photos."""
        who = self.person
        new = {"name": who.name, "email": who.email, "password": who.password, "date_of_birth": who.born.isoformat()}
        self.call("POST", "/v1/accounts", json=new)
        signed_in = self.call("POST", "/v1/sessions", json={"email": who.email, "password": who.password})
        self.token = signed_in["access_token"]
        files = [("photos", (each.name, each.data, "image/png")) for each in who.uploads[:4]]
        self.photos = [photo["id"] for photo in self.call("POST", "/v1/uploads", files=files)["data"]]

    def train(self) -> str:
        """The training's id."""
        captions = {id: each.caption for id, each in zip(self.photos, self.person.uploads, strict=False)}
        body = {"photos": self.photos, "preset": "fast", "captions": captions}
        return str(self.call("POST", "/v1/trainings", json=body)["id"])

    def await_training(self, training: str, patience_s: float = 1800) -> dict[str, Any]:
        """The training when it has ended."""
        return self.await_state(training, lambda told: told["state"] in ENDED, patience_s)

    def await_state(
        self, training: str, wanted: Callable[[dict[str, Any]], bool], patience_s: float = 1800
    ) -> dict[str, Any]:
        deadline = time.monotonic() + patience_s
        while True:
            told: dict[str, Any] = self.call("GET", f"/v1/trainings/{training}")
            if wanted(told):
                return told
            assert time.monotonic() < deadline, told
            threading.Event().wait(0.5)

    def picture(self, model: str | None = None, prompt: str = "sks person in a red shirt", steps: int = 10) -> bytes:
        body: dict[str, Any] = {"prompt": prompt, "steps": steps, "n": 1, "response_format": "b64_json"}
        answer = self.call("POST", "/v1/images/generations", json=body | ({"model": model} if model else {}))
        return base64.b64decode(answer["data"][0]["b64_json"])

    def held(self, kind: str) -> int:
        """How many artifacts of a kind the service has of this person."""
        count, after = 0, None
        while True:
            given = {"kind": kind, **({"after": after} if after else {})}
            page = self.call("GET", "/v1/artifacts", params=given)
            count += len(page["data"])
            after = page["next"]
            if after is None:
                return count

    def erase(self, patience_s: float = 300) -> float:
        """Seconds until the certificate."""
        began = time.monotonic()
        self.erased = True
        request = self.call("DELETE", "/v1/account")
        while request["completed_at"] is None:
            assert time.monotonic() - began < patience_s, request
            threading.Event().wait(0.3)
            request = self.call("GET", f"/v1/requests/{request['id']}")
        return time.monotonic() - began


class Orders(threading.Thread):
    """Somebody who orders one picture after the other; `times`: when each that came was ordered, and when it came."""

    def __init__(self, customer: Customer, model: str | None = None) -> None:
        super().__init__(daemon=True)
        self.times: list[tuple[float, float]] = []
        self.failed: list[str] = []
        self.customer, self._model = customer, model
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(0.2):
            ordered = time.monotonic()
            try:
                self.customer.picture(self._model)
                self.times.append((ordered, time.monotonic()))
            except (httpx.HTTPStatusError, TimeoutError) as error:
                self.failed.append(str(error))

    def end(self) -> None:
        """Returns when the last one has come."""
        self._ended.set()
        self.join(PATIENCE_S + 60)
        assert not self.is_alive()

    @property
    def made(self) -> int:
        return len(self.times)

    def await_made(self, count: int, since: float | None = None, patience_s: float = PATIENCE_S) -> float:
        """Seconds from `since` (monotonic; now, if None) until so many came that were ordered after it."""
        began = time.monotonic()
        since = began if since is None else since
        while len(came := [done for ordered, done in self.times if ordered >= since]) < count:
            assert time.monotonic() - began < patience_s, self.failed[-3:]
            threading.Event().wait(0.05)
        return came[count - 1] - since
