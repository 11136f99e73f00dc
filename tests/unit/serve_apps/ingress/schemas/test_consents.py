"""What a newsletter may say where an e-mail has its header."""

import pytest
from pydantic import TypeAdapter, ValidationError

from serve_apps.ingress.schemas.consents import Line

LINE: TypeAdapter[str] = TypeAdapter(Line)


@pytest.mark.parametrize("text", ["Sommer", " Nye stilarter: æøå \U0001f31e ", "x" * 150, "!"])
def test_a_line_of_any_language_is_taken(text: str) -> None:
    assert LINE.validate_python(text) == text


@pytest.mark.parametrize(
    "text", ["", " ", "\u00a0", "x" * 151, *(f"a{one}b" for one in "\0\t\n\r\v\f\x1c\x7f\x85\u2028\u2029")]
)
def test_what_ends_a_line_or_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        LINE.validate_python(text)
