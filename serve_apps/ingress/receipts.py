"""Consent receipts after ISO/IEC TS 27560, as DPV JSON-LD: what was consented to, by whom, to whom, when."""

from typing import Any

from governance.people.model import Consent, ConsentPurpose
from governance.policy import Policy

CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "dct": "http://purl.org/dc/terms/",
    "schema": "https://schema.org/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_PURPOSES = {ConsentPurpose.MARKETING: "dpv:DirectMarketing"}
_DATA = {ConsentPurpose.MARKETING: ["dpv:Name", "dpv:EmailAddress", "dpv:Language"]}


def receipt(consent: Consent, policy: Policy) -> dict[str, Any]:
    """The document; its subject is named by the account's id alone."""
    controller = policy.controller
    return {
        "@context": CONTEXT,
        "@id": f"urn:pixreunion:{consent.id}",
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": "ISO/IEC TS 27560:2023",
        "dct:identifier": consent.id,
        "dct:issued": _time(consent.given_at.isoformat()),
        "dpv:hasDataSubject": {"@id": f"urn:pixreunion:{consent.subject}", "@type": "dpv:DataSubject"},
        "dpv:hasDataController": {
            "@type": "dpv:DataController",
            "schema:name": controller.name,
            "dpv:hasContact": controller.contact,
            "dpv:hasAddress": controller.address,
        },
        "dpv:hasNotice": {"@type": "dpv:PrivacyNotice", "schema:version": consent.policy_version},
        "dpv:hasProcess": {
            "@type": "dpv:Process",
            "dpv:hasPurpose": {"@id": _PURPOSES[consent.purpose]},
            "dpv:hasLegalBasis": {"@id": "eu-gdpr:A6-1-a"},
            "dpv:hasPersonalData": [{"@id": one} for one in _DATA[consent.purpose]],
            "dpv:hasProcessing": [{"@id": "dpv:Use"}],
            "dpv:hasStorageCondition": "as long as the account, or until it is withdrawn",
        },
        "dpv:hasConsentStatus": _status(consent),
        "dpv:hasRight": {
            "@id": "eu-gdpr:A7-3",
            "dpv:isExercisedAt": f"DELETE /v1/consents/{consent.purpose}",
        },
    }


def _status(consent: Consent) -> list[dict[str, Any]]:
    """Every state it was in, the last one last."""
    states = [{"@id": "dpv:ConsentGiven", "dct:date": _time(consent.given_at.isoformat())}]
    if consent.withdrawn_at is not None:
        states.append({"@id": "dpv:ConsentWithdrawn", "dct:date": _time(consent.withdrawn_at.isoformat())})
    return states


def _time(text: str) -> dict[str, str]:
    return {"@type": "xsd:dateTime", "@value": text}
