"""A few people of the demo world, drawn once for all tests."""

import pytest

from training.demo.dataset import Dataset, DatasetConfig, draw
from training.demo.seeds import VALIDATION


@pytest.fixture(scope="session")
def drawn() -> Dataset:
    return draw(VALIDATION, DatasetConfig(people=24, pictures=4, processes=1))
