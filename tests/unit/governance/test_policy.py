"""The policy as data."""

from datetime import UTC, datetime, timedelta

import pytest

from governance.errors import Refused
from governance.model import Kind, Purpose
from governance.policy import parse, shipped

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_every_purpose_and_kind_is_decided_and_images_go_within_thirty_days() -> None:
    policy = shipped()
    assert set(policy.purposes) == set(Purpose)
    assert set(policy.retention) == set(Kind)
    for kind in (Kind.PHOTO, Kind.ADAPTER, Kind.IMAGE, Kind.CROP, Kind.LATENT, Kind.CHECKPOINT, Kind.PREVIEW):
        retention = policy.retention[kind]
        assert retention is not None
        assert retention <= timedelta(days=30)
    assert "@" in policy.controller.contact


def test_a_deadline_is_the_earliest_of_its_own_and_its_parents() -> None:
    policy = shipped()
    soon = NOW + timedelta(days=3)
    assert policy.deadline(Kind.IMAGE, NOW, [soon, None]) == soon
    assert policy.deadline(Kind.IMAGE, NOW, []) == NOW + timedelta(days=30)
    assert policy.deadline(Kind.PROFILE, NOW, []) is None
    assert policy.deadline(Kind.PROFILE, NOW, [soon]) == soon


def test_a_purpose_reads_only_what_was_collected_for_it() -> None:
    policy = shipped()
    policy.check_read(Purpose.TRAINING, Kind.PHOTO)
    with pytest.raises(Refused, match="not collected for marketing"):
        policy.check_read(Purpose.MARKETING, Kind.PHOTO)
    with pytest.raises(Refused):
        policy.check_make(Purpose.DELIVERY, Kind.PHOTO)
    with pytest.raises(Refused):
        policy.check_read_held(Purpose.TRAINING, Kind.PHOTO)
    policy.check_read_held(Purpose.LEGAL, Kind.PHOTO)


def test_a_policy_without_a_rule_for_a_purpose_is_refused() -> None:
    with pytest.raises(KeyError):
        parse(shipped().text.replace("[purposes.training]", "[purposes.other]"))
