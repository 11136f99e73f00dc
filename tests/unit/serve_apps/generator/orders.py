"""Orders and a transport for the generator's tests."""

from __future__ import annotations

from typing import Any

from governance.model import ArtifactId, RunId, SubjectId
from governance.transport import Transport
from serve_apps.engine.model import Sampler
from serve_apps.generator.wire import Order


def transport() -> Transport:
    """One that can seal and open."""
    made = Transport()
    made.learn(1, bytearray(range(32)))
    return made


def order(**changes: Any) -> Order:
    """One picture of a person with an adapter; `changes` replace what they name."""
    asked: dict[str, Any] = {
        "subject": SubjectId("subject"),
        "run": RunId("run"),
        "prompt_artifact": ArtifactId("prompt"),
        "adapter": ArtifactId("adapter"),
        "prompt": "a secret garden",
        "negative_prompt": "blur",
        "images": 1,
        "width": 16,
        "height": 32,
        "steps": 10,
        "guidance": 3.0,
        "seed": 7,
        "sampler": Sampler.EULER,
        "partial_images": 0,
        "deadline_s": 60.0,
    }
    return Order(**{**asked, **changes})
