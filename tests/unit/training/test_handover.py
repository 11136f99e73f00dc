"""Who is handed finished adapters."""

import pytest

from cluster.handover import ServedGenerator
from governance.model import ArtifactId
from training.config import BaseModelSettings, TrainingSettings, WorkerSettings
from training.errors import InvalidJob
from training.handover import Nobody, receiver_for


def _settings(receiver: str) -> TrainingSettings:
    return TrainingSettings(base=BaseModelSettings(path="some/base"), worker=WorkerSettings(receiver=receiver))


async def test_nobody_until_the_settings_name_one() -> None:
    nobody = receiver_for(_settings(""))
    assert isinstance(nobody, Nobody)
    nobody.expect()
    assert not await nobody.offer(ArtifactId.new(), b"sealed")
    assert isinstance(receiver_for(_settings("cluster.handover:to_generator")), ServedGenerator)
    with pytest.raises(InvalidJob):
        receiver_for(_settings("cluster.handover:nobody_there"))
