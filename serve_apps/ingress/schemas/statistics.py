"""Usage statistics."""

from datetime import date

from pydantic import Field

from governance.statistics.model import UsageDay
from serve_apps.ingress.schemas.common import Answer


class UsageDayAnswer(Answer):
    """`people` did it `amount` times in one region on one day; both null where they were fewer than ten."""

    day: date = Field(examples=["2026-01-31"])
    region: str = Field(examples=["eu"])
    what: str = Field(examples=["trainings"])
    people: int | None = Field(examples=[42])
    amount: int | None = Field(examples=[57])


class UsageAnswer(Answer):
    """Newest day first; today is not over and not in it."""

    object: str = Field(default="list", examples=["list"])
    data: list[UsageDayAnswer]


def usage_answer(days: list[UsageDay]) -> UsageAnswer:
    return UsageAnswer(
        data=[
            UsageDayAnswer(day=one.day, region=one.region, what=one.what, people=one.people, amount=one.amount)
            for one in days
        ]
    )
