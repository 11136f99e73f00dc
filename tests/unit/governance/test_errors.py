"""The exception tree."""

import pickle
from collections.abc import Iterator

import pytest

from governance import errors
from governance.errors import GovernanceError, Unavailable


def _all(of: type[GovernanceError] = GovernanceError) -> Iterator[type[GovernanceError]]:
    yield of
    for one in of.__subclasses__():
        yield from _all(one)


@pytest.mark.parametrize("kind", [one for one in _all() if one.__module__ == "governance.errors"])
def test_each_says_what_it_means_and_survives_pickling(kind: type[GovernanceError]) -> None:
    assert str(kind()) == kind.__doc__
    again = pickle.loads(pickle.dumps(kind("because")))
    assert type(again) is kind
    assert str(again) == "because"


def test_codes_are_distinct_and_the_tree_at_the_top_is_complete() -> None:
    kinds = [one for one in _all() if one.__module__ == "governance.errors"]
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert errors.__doc__ is not None
    assert all(kind.__name__ in errors.__doc__ for kind in kinds)


def test_unavailable_keeps_when_to_retry() -> None:
    assert pickle.loads(pickle.dumps(Unavailable("later", 7.5))).retry_after_s == 7.5
