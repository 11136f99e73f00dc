"""The quick encodings are byte for byte those of `Leaf`."""

from itertools import product

import pytest

from governance.audit.leaf import Leaf, LeafEvent
from governance.clock import utc_now
from governance.gate import hot_leaves
from governance.ids import ArtifactId
from governance.model import Kind, Purpose

ID, NOW = ArtifactId.new(), utc_now()


@pytest.mark.parametrize(("kind", "purpose"), list(product(Kind, Purpose)))
def test_registered(kind: Kind, purpose: Purpose) -> None:
    words = {"kind": kind, "purpose": purpose}
    leaf = Leaf(event=LeafEvent.ARTIFACT_REGISTERED, at=NOW, artifact=ID, words=words)
    assert hot_leaves.registered(ID, hot_leaves.at(NOW), kind, purpose) == leaf.encode()


def test_live() -> None:
    leaf = Leaf(event=LeafEvent.ARTIFACT_LIVE, at=NOW, artifact=ID)
    assert hot_leaves.live(ID, hot_leaves.at(NOW)) == leaf.encode()
