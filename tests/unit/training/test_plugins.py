"""Factories named in the settings."""

import pytest

from training.errors import InvalidJob
from training.handover import Nobody
from training.plugins import factory_of


def test_a_factory_is_found_by_its_name() -> None:
    assert factory_of("any", "training.handover:Nobody") is Nobody


@pytest.mark.parametrize("named", ["no.such:thing", "training.handover:nothing", "training.handover"])
def test_what_cannot_be_found_is_refused_with_the_settings_name(named: str) -> None:
    with pytest.raises(InvalidJob, match=r"worker\.receiver: '.*' cannot be loaded"):
        factory_of("worker.receiver", named)
