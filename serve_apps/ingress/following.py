"""Following a person's events: the log is asked again and again, more seldom while it is quiet."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

from governance.ids import SubjectId
from serve_apps.ingress.schemas.events import server_event
from serve_apps.ingress.services import Services
from serve_apps.ingress.streaming import ServerEvent

SHORTEST_S, LONGEST_S = 0.25, 2.0
STREAM_S = 600.0
"""A stream ends after so long and is taken up again by its client: with a token that is still valid."""

async def follow(
    parts: Services, owner: SubjectId, after: int, about: UUID | None, for_s: float = STREAM_S
) -> AsyncGenerator[ServerEvent, None]:
    """Every event after that number, as it comes. Raises `Gone` when the account is erased meanwhile."""
    ends, rest_s = asyncio.get_running_loop().time() + for_s, SHORTEST_S
    with parts.followers.one_more(owner):
        while asyncio.get_running_loop().time() < ends:
            found = await parts.governance.happened(owner, after, about)
            for event in found:
                yield server_event(event)
                after = event.number
            rest_s = SHORTEST_S if found else min(LONGEST_S, rest_s * 1.5)
            await asyncio.sleep(rest_s)
