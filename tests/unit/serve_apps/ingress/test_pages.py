"""Cursors."""

import pytest

from governance.model import ArtifactId
from serve_apps.ingress.errors import Invalid
from serve_apps.ingress.pages import Cursor


def test_a_cursor_of_the_listing_is_taken() -> None:
    last = ArtifactId.new()
    assert Cursor(ArtifactId, last, 5).after == last
    assert Cursor(ArtifactId, None, 5).after is None


@pytest.mark.parametrize("after", ["", "x", "art_zz", "job_" + "0" * 32, "art_" + "g" * 32])
def test_anything_else_is_refused(after: str) -> None:
    with pytest.raises(Invalid) as refused:
        Cursor(ArtifactId, after, 5)
    assert refused.value.stable_code == "invalid_cursor"
