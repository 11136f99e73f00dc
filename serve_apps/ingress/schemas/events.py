"""Events: what happened, without contents."""

import json
from collections.abc import Mapping
from datetime import datetime

from pydantic import Field

from governance.events.model import EventType, Happening
from serve_apps.ingress.schemas.common import Answer
from serve_apps.ingress.streaming import ServerEvent

EXAMPLE = {"training": "job_01a20baf9dd6707993b5dc044a7a3ac2", "state": "processing", "progress": 0.45}


class EventAnswer(Answer):
    """One event; `number` goes on from one to the next, `data` names the things it is about by their ids."""

    object: str = Field(default="event", examples=["event"])
    id: str = Field(examples=["evt_01a20baf9dd6707993b5dc044a7a3ac2"])
    number: int = Field(examples=[4711])
    type: EventType = Field(examples=["training.progress"])
    timestamp: datetime = Field(examples=["2026-01-31T12:00:00Z"])
    data: Mapping[str, str | int | float] = Field(examples=[EXAMPLE])


class EventsAnswer(Answer):
    """One page, oldest first: give `next` as `after` to go on, now or later."""

    object: str = Field(default="list", examples=["list"])
    data: list[EventAnswer]
    next: int = Field(examples=[4711])


def event_answer(event: Happening) -> EventAnswer:
    return EventAnswer(id=event.id, number=event.number, type=event.type, timestamp=event.at, data=event.data)


def server_event(event: Happening) -> ServerEvent:
    """The same on a stream; its number is what `Last-Event-ID` goes on from."""
    told = json.dumps(event_answer(event).model_dump(mode="json"), separators=(",", ":"))
    return ServerEvent(event.type, told, str(event.number))
