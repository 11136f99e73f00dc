"""A client of the HTTP API: one method for each thing a person does, answers as the service's own schemas."""

import base64
import hashlib
import secrets
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel

from cluster.client.errors import ApiError, Unreachable
from serve_apps.ingress.schemas.accounts import AccountAnswer, TokenAnswer
from serve_apps.ingress.schemas.artifacts import ArtifactAnswer, PhotosAnswer
from serve_apps.ingress.schemas.common import ListOf
from serve_apps.ingress.schemas.images import ImagesAnswer
from serve_apps.ingress.schemas.lineage import LineageFormat
from serve_apps.ingress.schemas.requests import RequestAnswer
from serve_apps.ingress.schemas.trainings import TrainingAnswer
from training.jobs import Param

A = TypeVar("A", bound=BaseModel)

CONNECT_S = 5.0
# An answer may take minutes, and a machine that was cut off never sends one: probes tell the two apart in 11 seconds.
_PROBES = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 11_000}


class Api:
    """Every method raises ApiError when the service refuses and Unreachable when nobody answers.

    `transport` replaces the network in tests; `trust` says who may sign the service's certificate, None the public
    authorities. Every POST carries an Idempotency-Key, so that repeating it is safe.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        timeout_s: float = 120.0,
        transport: httpx.BaseTransport | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(
            base_url=url,
            headers=headers,
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_S),
            transport=transport or alive(trust),
            trust_env=False,
        )
        self.url = url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def use(self, token: str) -> None:
        """Speaks as the owner of the token from here on."""
        self._http.headers["Authorization"] = f"Bearer {token}"

    # -- accounts ------------------------------------------------------------------------------------------------

    def sign_up(self, name: str, email: str, password: str, born: date, region: str | None = None) -> AccountAnswer:
        body = {"name": name, "email": email, "password": password, "date_of_birth": born.isoformat()}
        return self._post(AccountAnswer, "/v1/accounts", body | ({"region": region} if region else {}))

    def sign_in(self, email: str, password: str) -> TokenAnswer:
        """A token for everything; this client uses it from here on."""
        answer = self._post(TokenAnswer, "/v1/sessions", {"email": email, "password": password})
        self.use(answer.access_token)
        return answer

    def refresh(self, refresh_token: str) -> TokenAnswer:
        """The next pair of tokens, the same ones when it is asked again: a lost answer does not end the session."""
        key = hashlib.sha256(refresh_token.encode()).hexdigest()
        body, headers = {"refresh_token": refresh_token}, {"Idempotency-Key": key}
        response = self._send("POST", "/v1/sessions/refresh", json=body, headers=headers)
        return TokenAnswer.model_validate_json(response.content)

    def account(self) -> AccountAnswer:
        return self._get(AccountAnswer, "/v1/account")

    # -- photos, models, pictures --------------------------------------------------------------------------------

    def upload(self, photos: Sequence[tuple[str, bytes]]) -> list[ArtifactAnswer]:
        """`photos`: names (only for the service's refusals) and the files' bytes."""
        files = [("photos", (name, data, "application/octet-stream")) for name, data in photos]
        response = self._send("POST", "/v1/uploads", files=files, headers=idempotent())
        return PhotosAnswer.model_validate_json(response.content).data

    def upload_files(self, paths: Sequence[Path]) -> list[ArtifactAnswer]:
        return self.upload([(path.name, path.read_bytes()) for path in paths])

    def train(
        self,
        photos: Sequence[str],
        preset: str = "balanced",
        captions: Mapping[str, str] | None = None,
        seed: int | None = None,
        recipe: Mapping[str, Param] | None = None,
    ) -> TrainingAnswer:
        """`recipe`: single knobs of the preset, turned otherwise, such as `{"steps": 240}`."""
        body: dict[str, Any] = {"photos": list(photos), "preset": preset, "captions": dict(captions or {})}
        given = {"seed": seed, "recipe": dict(recipe) if recipe else None}
        return self._post(TrainingAnswer, "/v1/trainings", body | {k: v for k, v in given.items() if v is not None})

    def training(self, training: str) -> TrainingAnswer:
        return self._get(TrainingAnswer, f"/v1/trainings/{training}")

    def cancel(self, training: str) -> TrainingAnswer:
        return self._post(TrainingAnswer, f"/v1/trainings/{training}/cancel", None)

    def generate(self, prompt: str, model: str | None = None, **options: Any) -> ImagesAnswer:
        """`options`: further fields of `POST /v1/images/generations` (n, size, seed, steps, guidance, …)."""
        body = {"prompt": prompt, "response_format": "b64_json", **options}
        return self._post(ImagesAnswer, "/v1/images/generations", body | ({"model": model} if model else {}))

    def artifacts(self, kind: str | None = None) -> Iterator[ArtifactAnswer]:
        """Everything held of the caller, newest first, page by page."""
        after: str | None = None
        while True:
            given = {name: value for name, value in (("kind", kind), ("after", after)) if value}
            response = self._send("GET", "/v1/artifacts", params=given)
            page = ListOf[ArtifactAnswer].model_validate_json(response.content)
            yield from page.data
            if page.next is None:
                return
            after = page.next

    def content(self, artifact: str) -> bytes:
        return self._send("GET", f"/v1/artifacts/{artifact}/content").content

    def lineage(self, artifact: str, format: LineageFormat = LineageFormat.JSON) -> bytes:
        """The document as the service wrote it."""
        return self._send("GET", f"/v1/artifacts/{artifact}/lineage", params={"format": format.value}).content

    # -- erasure -------------------------------------------------------------------------------------------------

    def erase_account(self) -> RequestAnswer:
        return RequestAnswer.model_validate_json(self._send("DELETE", "/v1/account").content)

    def erase(self, artifact: str) -> RequestAnswer:
        return RequestAnswer.model_validate_json(self._send("DELETE", f"/v1/artifacts/{artifact}").content)

    def request(self, request: str) -> RequestAnswer:
        return self._get(RequestAnswer, f"/v1/requests/{request}")

    def certificate(self, request: str) -> bytes:
        """The signed certificate, as the service wrote it. Raises ApiError `not_ready` before the end."""
        return self._send("GET", f"/v1/requests/{request}/certificate").content

    def status_of(self, path: str) -> int:
        """The HTTP status that a GET of `path` is answered with."""
        try:
            return self._http.get(path).status_code
        except httpx.TransportError as error:
            raise self._unreachable() from error

    # -- wire ----------------------------------------------------------------------------------------------------

    def _get(self, answer: type[A], path: str) -> A:
        return answer.model_validate_json(self._send("GET", path).content)

    def _post(self, answer: type[A], path: str, body: Mapping[str, Any] | None) -> A:
        return answer.model_validate_json(self._send("POST", path, json=body, headers=idempotent()).content)

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise self._unreachable() from error
        self._refuse(response)
        return response

    @staticmethod
    def _refuse(response: httpx.Response) -> None:
        """Raises ApiError for an answer that is a refusal."""
        if response.is_error:
            raise _refusal(response)

    def _unreachable(self) -> Unreachable:
        return Unreachable(
            f"Nobody answers at {self.url}.",
            "Start the service with `pixreunion up`, or name its address in PIXREUNION_CLIENT__URL.",
        )


def alive(trust: ssl.SSLContext | None) -> httpx.HTTPTransport:
    """Connections on which a machine that is gone is noticed, however long an answer may take."""
    # Not every system has all of them.
    probes = [
        (socket.IPPROTO_TCP, int(getattr(socket, name)), value)
        for name, value in _PROBES.items()
        if hasattr(socket, name)
    ]
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), *probes]
    return httpx.HTTPTransport(verify=trust or True, trust_env=False, socket_options=options)


def pictures(answer: ImagesAnswer) -> list[bytes]:
    """The PNG files of an answer that carries them."""
    return [base64.b64decode(data.b64_json) for data in answer.data if data.b64_json is not None]


def idempotent() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex(16)}


def _refusal(response: httpx.Response) -> ApiError:
    """Problem documents and OpenAI's error shape alike."""
    try:
        told = response.json()
    except ValueError:
        told = {}
    if "error" in told:
        return ApiError(response.status_code, told["error"]["code"], told["error"]["message"])
    complaints = tuple(f"{each['field']}: {each['detail']}" for each in told.get("errors", ()))
    code, detail = told.get("code", "unknown"), told.get("detail", f"The service answered {response.status_code}.")
    return ApiError(response.status_code, code, detail, complaints)
