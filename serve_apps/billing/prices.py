"""The price list, read from `prices.toml` or from a file of the operator's."""

from functools import cache
from importlib import resources
from pathlib import Path
from tomllib import loads
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Credits = Annotated[int, Field(ge=0)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pack(_Frozen):
    """So many credits for an amount of the currency's smallest unit, VAT included."""

    credits: int = Field(gt=0)
    amount: int = Field(gt=0)


class Prices(_Frozen):
    """`picture` and `trainings` (by preset) in credits; `packs` by name."""

    currency: Annotated[str, StringConstraints(pattern=r"^[a-z]{3}$")]
    vat_percent: int = Field(ge=0, le=100)
    picture: Credits
    trainings: dict[Name, Credits]
    packs: dict[Name, Pack]

    def without_charge(self) -> "Prices":
        """The same list, and work costs nothing: for an installation in test mode."""
        return self.model_copy(update={"picture": 0, "trainings": dict.fromkeys(self.trainings, 0)})

    def vat_of(self, amount: int) -> int:
        """The VAT inside an amount, rounded half up."""
        return (2 * amount * self.vat_percent + 100 + self.vat_percent) // (2 * (100 + self.vat_percent))


def prices(file: Path | None = None) -> Prices:
    """The operator's list, else the one that comes with this version. `ValueError` names what is wrong in it."""
    return _shipped() if file is None else Prices.model_validate(loads(file.read_text(encoding="utf-8")))


@cache
def _shipped() -> Prices:
    return Prices.model_validate(loads(resources.files("serve_apps.billing").joinpath("prices.toml").read_text()))
