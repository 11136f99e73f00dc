import pytest

from governance.residue.planting import invented_secret


@pytest.fixture(scope="session")
def secret():
    return invented_secret(1, side=160)


@pytest.fixture(scope="session")
def stranger():
    return invented_secret(2, side=160)
