from collections import Counter

from training.demo.photos import photos
from training.demo.prompts import WISHES, wishes_for


def test_the_fixed_prompts_are_spread_evenly_and_all_different():
    assert len({wish.prompt() for wish in WISHES}) == len(WISHES) == 16
    assert set(Counter(wish.background for wish in WISHES).values()) == {2}
    assert set(Counter(wish.expression for wish in WISHES).values()) == {4}


def test_no_prompt_is_a_caption_of_a_photo():
    for seed in range(3_000_000, 3_000_050):
        learned = photos(seed, 8)
        asked = [wish.learned_prompt() for wish in wishes_for(learned, 8)]
        assert len(asked) == 8
        assert not set(asked) & {photo.caption for photo in learned}
