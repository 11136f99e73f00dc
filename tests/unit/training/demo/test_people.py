import pytest

from training.demo.people import Beard, HairStyle, discrete_identities, person


def test_a_seed_is_always_the_same_person():
    assert person(3_000_001) == person(3_000_001)
    assert person(3_000_001) != person(3_000_002)


def test_there_are_more_than_a_billion_of_them():
    assert discrete_identities() > 1_000_000_000


def test_every_trait_occurs():
    people = [person(seed) for seed in range(400)]
    assert {who.hair for who in people} == set(HairStyle)
    assert {who.beard for who in people} == set(Beard)
    assert len({who.seed for who in people}) == 400


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="must not be negative"):
        person(-1)
