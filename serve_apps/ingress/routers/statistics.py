"""`/v1/dpo/statistics`: how much the service is used, as sums from which nobody can be told (P3.7)."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from serve_apps.ingress.auth import DpoCaller
from serve_apps.ingress.errors import Invalid
from serve_apps.ingress.schemas.common import problems
from serve_apps.ingress.schemas.statistics import UsageAnswer, usage_answer
from serve_apps.ingress.services import Parts

router = APIRouter(prefix="/v1/dpo", tags=["data-protection officer"])

LONGEST = timedelta(days=366)


@router.get("/statistics", responses=problems())
async def read_statistics(
    caller: DpoCaller,
    parts: Parts,
    first: Annotated[date | None, Query(description="30 days back when left out.", examples=["2026-01-01"])] = None,
    last: Annotated[date | None, Query(description="Today when left out.", examples=["2026-01-31"])] = None,
) -> UsageAnswer:
    """Accounts made, photos, trainings and pictures by day and region. Groups of fewer than ten people have no
    numbers."""
    until = last or parts.now().date()
    since = first or until - timedelta(days=min(30, (until - date.min).days))
    if since > until or until - since > LONGEST:
        raise Invalid("`first` is at most 366 days before `last`", code="invalid_period", param="first")
    return usage_answer(list(await parts.governance.usage(since, until)))
