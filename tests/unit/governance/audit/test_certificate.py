import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from governance.audit.certificate import (
    Certificate,
    ErasureFacts,
    ErasureStep,
    Held,
    ResidueResult,
    completion_counts,
    sign_certificate,
)
from governance.audit.errors import LeafRefused
from governance.audit.keys import SigningKey
from governance.audit.leaf import LeafEvent


async def test_it_is_readable_json_and_reads_back(certificate):
    made = await certificate()
    text = made.to_bytes()
    assert json.loads(text)["body"]["steps"]["erasure.fenced"].endswith("Z")
    again = Certificate.model_validate_json(text)
    assert again.to_bytes() == text
    assert again.signed_bytes() == made.signed_bytes()


async def test_the_signature_covers_all_but_itself(certificate, key):
    made = await certificate()
    assert made.model_copy(update={"signature": ""}).signed_bytes() == made.signed_bytes()
    later = made.body.model_copy(update={"issued_at": made.body.issued_at + timedelta(days=1)})
    assert made.model_copy(update={"body": later}).signed_bytes() != made.signed_bytes()
    assert sign_certificate(made, key).signature == made.signature


async def test_a_certificate_names_the_key_that_signs_it(certificate):
    with pytest.raises(AssertionError):
        sign_certificate(await certificate(), SigningKey.generate())


def test_every_step_is_an_event_of_the_log():
    assert {LeafEvent(step.value) for step in ErasureStep} <= set(LeafEvent)


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Ada Lovelace"},
        {"subject": "ada@example.org"},
        {"erased": {"Photo of Ada": 1}},
        {"erased": {"photo": -1}},
        {"held": [{"kind": "report", "count": 1, "basis": "§ 12, Ada Lovelace", "until": "2031-12-31T00:00:00.000Z"}]},
        {"processors": [{"processor": "Ada Ltd.", "told_at": "2026-01-31T12:00:00.000Z", "answer": "erased"}]},
        {"out_of_scope": [{"what": "Ada's own copy"}]},
        {"residue": {"scanned": {"/home/ada": 3}, "canaries": 1, "findings": 0}},
        {"name": "Ada"},
    ],
)
async def test_personal_data_has_no_place_in_it(erased, change):
    facts, _, _ = await erased()
    with pytest.raises((ValidationError, LeafRefused)) as refused:
        ErasureFacts.model_validate({**facts.model_dump(mode="json"), **change})
    assert "ada" not in str(refused.value).lower()


async def test_completion_counts_add_what_is_held(erased):
    facts, _, _ = await erased()
    twice = facts.held + facts.held
    assert completion_counts(facts.erased, twice)["held.report"] == 2
    assert completion_counts({"photo": 8}, ()) == {"erased.photo": 8}


def test_the_scan_is_summed_up_for_the_log():
    residue = ResidueResult(scanned={"data": 3, "shm": 4}, unreadable={"shm": 1}, canaries=2, findings=5)
    assert residue.counts() == {"bytes": 7, "unreadable": 1, "canaries": 2, "findings": 5}


def test_held_records_need_an_end():
    with pytest.raises(ValidationError):
        Held.model_validate({"kind": "report", "count": 1, "basis": "bookkeeping"})
