from pathlib import Path

import pytest

from cluster.embedded.nameless import is_clean, remove_nameless
from cluster.embedded.weed import S3Address
from cluster.ports import free_block

SEARCHED = "dn 127.0.0.1:1 collected 3 volumes and 0 ec shards.\n"
NOTHING = "no orphan data\n"
FOUND = "dataNode:127.0.0.1:1\tvolume:1\tentries:2\torphan:1\t50.00%\t3212B\n"


@pytest.mark.parametrize(
    ("told", "clean"),
    [
        (SEARCHED + FOUND + SEARCHED + NOTHING, True),
        (SEARCHED + NOTHING + SEARCHED + NOTHING, True),
        (SEARCHED + NOTHING + SEARCHED + FOUND, False),
        (SEARCHED + NOTHING, False),
        (NOTHING + NOTHING, False),
        ("", False),
    ],
)
def test_clean_is_what_was_searched_wholly_and_twice(told: str, clean: bool) -> None:
    assert is_clean(told, volumes=3) is clean


def test_a_server_that_is_not_there_is_not_clean(tmp_path: Path) -> None:
    nowhere = S3Address(free_block(), "key", "secret", "signing")
    assert not remove_nameless(tmp_path, nowhere, tmp_path / "log")
