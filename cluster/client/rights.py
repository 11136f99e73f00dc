"""The client's side of rights: a person's own, and what the data-protection officer does."""

from collections.abc import Mapping
from typing import Any

from cluster.client.api import Api
from serve_apps.ingress.schemas.common import ListOf
from serve_apps.ingress.schemas.dpo import (
    AlarmAnswer,
    BreachAnswer,
    DisclosureAnswer,
    HoldAnswer,
    QueuedRight,
    TakedownAnswer,
    TransferAnswer,
)
from serve_apps.ingress.schemas.imports import ImportAnswer
from serve_apps.ingress.schemas.policy import AnnouncementAnswer
from serve_apps.ingress.schemas.rights import RightAnswer


class RightsApi(Api):
    """Raises what `Api` raises; the officer's calls need a token with the scope `dpo`."""

    # -- a person's own ------------------------------------------------------------------------------------------

    def exercise(self, right: str, **details: Any) -> RightAnswer:
        """`details`: `purpose`, `artifact`, `name`, `text`, `rederive`, as the right needs."""
        return self._post(RightAnswer, "/v1/rights", {"right": right, **details})

    def right(self, request: str) -> RightAnswer:
        return self._get(RightAnswer, f"/v1/rights/{request}")

    def take_over(self, archive: bytes) -> ImportAnswer:
        """Moves in from another installation's export."""
        files = [("archive", ("export.zip", archive, "application/zip"))]
        return ImportAnswer.model_validate_json(self._send("POST", "/v1/imports", files=files).content)

    # -- the officer ---------------------------------------------------------------------------------------------

    def queue(self, only_open: bool = True) -> list[QueuedRight]:
        found: list[QueuedRight] = []
        given: dict[str, Any] = {"only_open": only_open}
        while True:
            page = ListOf[QueuedRight].model_validate_json(self._send("GET", "/v1/dpo/requests", params=given).content)
            found += page.data
            if page.next is None:
                return found
            given["after"] = page.next

    def announce(self, version: str, sha256: str, kind: str) -> AnnouncementAnswer:
        body = {"version": version, "kind": kind, "sha256": sha256}
        return self._post(AnnouncementAnswer, "/v1/dpo/announcements", body)

    def announcements(self) -> list[AnnouncementAnswer]:
        found = self._send("GET", "/v1/dpo/announcements").content
        return ListOf[AnnouncementAnswer].model_validate_json(found).data

    def take_effect(self, version: str) -> AnnouncementAnswer:
        return self._post(AnnouncementAnswer, f"/v1/dpo/announcements/{version}/effect", None)

    def decide(self, request: str, outcome: str, message: str | None = None) -> QueuedRight:
        return self._post(QueuedRight, f"/v1/dpo/requests/{request}/answer", {"outcome": outcome, "message": message})

    def extend(self, request: str) -> QueuedRight:
        return self._post(QueuedRight, f"/v1/dpo/requests/{request}/extension", None)

    def alarms(self) -> list[AlarmAnswer]:
        return ListOf[AlarmAnswer].model_validate_json(self._send("GET", "/v1/dpo/alarms").content).data

    def take_down(self, target: str, reason: str) -> TakedownAnswer:
        return self._post(TakedownAnswer, "/v1/dpo/takedowns", {"target": target, "reason": reason})

    def disclose(self, record: Mapping[str, Any]) -> DisclosureAnswer:
        return self._post(DisclosureAnswer, "/v1/dpo/disclosures", record)

    def transfer(self, record: Mapping[str, Any]) -> TransferAnswer:
        return self._post(TransferAnswer, "/v1/dpo/transfers", record)

    def hold(self, record: Mapping[str, Any]) -> HoldAnswer:
        return self._post(HoldAnswer, "/v1/dpo/holds", record)

    def release(self, hold: str) -> None:
        self._send("DELETE", f"/v1/dpo/holds/{hold}")

    def record_breach(self, record: Mapping[str, Any]) -> BreachAnswer:
        return self._post(BreachAnswer, "/v1/dpo/breaches", record)

    def breaches(self) -> list[BreachAnswer]:
        return ListOf[BreachAnswer].model_validate_json(self._send("GET", "/v1/dpo/breaches").content).data

    def advance_breach(self, breach: str, step: str, late_reason: str | None = None) -> BreachAnswer:
        return self._post(BreachAnswer, f"/v1/dpo/breaches/{breach}/steps", {"step": step, "late_reason": late_reason})

    def register(self) -> dict[str, Any]:
        found: dict[str, Any] = self._send("GET", "/v1/dpo/register").json()
        return found

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = self._send("GET", "/v1/dpo/report").json()
        return found
