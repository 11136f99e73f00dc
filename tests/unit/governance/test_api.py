"""The service and the client offer exactly the interface, with the same parameters."""

import inspect

import pytest

from governance.api import Governance
from governance.client import GovernanceClient
from governance.service import GovernanceService

CALLS = [name for name, _ in inspect.getmembers(Governance, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("kind", [GovernanceService, GovernanceClient])
@pytest.mark.parametrize("name", CALLS)
def test_the_same_parameters(kind: type, name: str) -> None:
    wanted = inspect.signature(getattr(Governance, name))
    found = inspect.signature(getattr(kind, name))
    assert [(p.name, p.default) for p in found.parameters.values()] == [
        (p.name, p.default) for p in wanted.parameters.values()
    ]
    assert found.return_annotation == wanted.return_annotation


def takes(governance: Governance) -> Governance:
    """Checked by mypy: both are a `Governance`."""
    return governance


def test_both_are_one(service: GovernanceService) -> None:
    assert takes(service) is service
    assert takes(GovernanceClient.connect())
