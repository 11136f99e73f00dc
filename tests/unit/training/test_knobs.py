"""Knobs of a command line."""

import pytest

from training.errors import InvalidJob
from training.knobs import knobs


def test_numbers_truths_and_words() -> None:
    given = ["steps=300", " learning_rate = 2e-4", "flip=True", "targets=attention", "note=[1]", "empty="]
    assert knobs(given) == {
        "steps": 300, "learning_rate": 2e-4, "flip": True, "targets": "attention", "note": "[1]", "empty": "",
    }  # fmt: skip


def test_what_is_no_pair_is_told() -> None:
    with pytest.raises(InvalidJob, match="--set steps: write it as NAME=VALUE"):
        knobs(["steps"])
