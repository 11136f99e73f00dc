from itertools import combinations

import pytest

from training.demo.seeds import EVALUATION, RANGES


def test_no_range_shares_a_person_with_another():
    for one, other in combinations(RANGES, 2):
        assert one.last <= other.first or other.last <= one.first


def test_a_range_gives_its_own_people_and_no_more():
    assert EVALUATION.seed(0) in EVALUATION
    assert EVALUATION.seed(999_999) in EVALUATION
    with pytest.raises(ValueError, match="there is no number 1000000: ask for fewer"):
        EVALUATION.seed(1_000_000)
