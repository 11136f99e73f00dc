"""Consent receipts."""

import json
from datetime import UTC, datetime

from governance.ids import ConsentId, SubjectId
from governance.people.model import Consent, ConsentPurpose
from governance.policy import shipped
from serve_apps.ingress.receipts import receipt

GIVEN, ENDED = datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 7, tzinfo=UTC)


def test_a_receipt_says_who_what_why_and_when() -> None:
    one = Consent(ConsentId.new(), SubjectId.new(), ConsentPurpose.MARKETING, "2025-12-04", GIVEN, None)
    told = receipt(one, shipped())
    assert told["@type"] == "dpv:ConsentReceipt"
    assert told["dpv:hasDataController"]["schema:name"] == shipped().controller.name
    assert told["dpv:hasProcess"]["dpv:hasPurpose"]["@id"] == "dpv:DirectMarketing"
    assert told["dpv:hasProcess"]["dpv:hasLegalBasis"]["@id"] == "eu-gdpr:A6-1-a"
    assert [each["@id"] for each in told["dpv:hasConsentStatus"]] == ["dpv:ConsentGiven"]
    known = set(told["@context"])
    used = {word.split(":")[0] for word in json.dumps(told).replace('"', " ").split() if ":" in word.rstrip(":")}
    assert {"dpv", "eu-gdpr", "dct", "schema", "xsd"} <= known & used


def test_a_withdrawn_one_says_since_when() -> None:
    one = Consent(ConsentId.new(), SubjectId.new(), ConsentPurpose.MARKETING, "2025-12-04", GIVEN, ENDED)
    given, ended = receipt(one, shipped())["dpv:hasConsentStatus"]
    assert (given["dct:date"]["@value"], ended["dct:date"]["@value"]) == (GIVEN.isoformat(), ENDED.isoformat())
    assert ended["@id"] == "dpv:ConsentWithdrawn"
