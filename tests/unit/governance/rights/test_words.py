"""What an officer writes into records that stay is a word, and no sentence about a person."""

import pytest

from governance.errors import Refused
from governance.rights.words import checked


def test_words_pass_and_sentences_do_not() -> None:
    assert checked("basis", "code-of-procedure-804") == "code-of-procedure-804"
    for text in ("Ada Example", "ada@example.org", "", "a" * 49):
        with pytest.raises(Refused) as caught:
            checked("basis", text)
        assert not text or text not in str(caught.value)
