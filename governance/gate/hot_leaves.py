"""Log entries of the hottest paths, written without building a `Leaf` first; byte for byte what it would encode.

Everything in them comes from checked identifiers and enums, so there is nothing left for `Leaf` to refuse.
"""

from datetime import datetime

from governance.audit.leaf import LeafEvent, format_time
from governance.model import ArtifactId, Kind, Purpose


def registered(id: ArtifactId, at: str, kind: Kind, purpose: Purpose) -> bytes:
    return (
        f'{{"artifact":"{id}","at":"{at}","event":"{LeafEvent.ARTIFACT_REGISTERED}","v":1,'
        f'"words":{{"kind":"{kind}","purpose":"{purpose}"}}}}'
    ).encode()


def live(id: ArtifactId, at: str) -> bytes:
    return f'{{"artifact":"{id}","at":"{at}","event":"{LeafEvent.ARTIFACT_LIVE}","v":1}}'.encode()


def at(now: datetime) -> str:
    """Once for a whole batch."""
    return format_time(now)
