"""The languages that people are written to in."""

from enum import StrEnum


class Language(StrEnum):
    """ISO 639-1; `templates` has a folder for each."""

    DANISH = "da"
    ENGLISH = "en"
