from random import Random

import pytest

from governance.residue.leaks import make_leaks
from governance.residue.planting import canaries_of
from governance.residue.scanner import Scanner


@pytest.fixture(scope="module")
def scanner(secret):
    return Scanner(canaries_of(secret, "person"))


@pytest.mark.parametrize("seed", range(3))
def test_every_leak_shows_what_it_is_of(scanner, secret, seed):
    missed = [
        leak.name
        for leak in make_leaks(secret, Random(seed))
        if f"person-{leak.of}" not in {canary for _, canary, _ in scanner.search(leak.data)}
    ]
    assert missed == []


def test_no_leak_of_a_stranger_shows(scanner, stranger):
    shown = [leak.name for leak in make_leaks(stranger, Random(1)) if list(scanner.search(leak.data))]
    assert shown == []


def test_leaks_are_many_and_named_once(secret):
    names = [leak.name for leak in make_leaks(secret, Random(0))]
    assert len(names) == len(set(names)) >= 40
