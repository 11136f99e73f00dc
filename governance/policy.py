"""What the privacy policy allows, read from `policy.toml`. Pure: it decides, the gate obeys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from tomllib import loads
from typing import Any

from governance.errors import Refused
from governance.model import Kind, LegalBasis, Purpose


@dataclass(frozen=True, slots=True)
class Controller:
    """Who answers (P1.1)."""

    name: str
    contact: str
    address: str


@dataclass(frozen=True, slots=True)
class PurposeRule:
    """`makes` and `reads`: the kinds it may; `frozen`: it goes on under restriction; `held`: kinds under a hold;
    `objectable`: a person can say no to it (P7.3)."""

    basis: LegalBasis
    makes: frozenset[Kind]
    reads: frozenset[Kind]
    held: frozenset[Kind]
    frozen: bool
    objectable: bool


@dataclass(frozen=True, slots=True)
class Safeguard:
    """What allows work in the region `target` on data of people in `source` (P9.1); `basis` as in GDPR chapter V."""

    source: str
    target: str
    basis: str


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the policy."""

    version: str
    effective: date
    controller: Controller
    retention: Mapping[Kind, timedelta | None]
    purposes: Mapping[Purpose, PurposeRule]
    clauses: Mapping[str, str]
    safeguards: tuple[Safeguard, ...]
    text: str

    def basis(self, purpose: Purpose) -> LegalBasis:
        return self.purposes[purpose].basis

    def check_make(self, purpose: Purpose, kind: Kind) -> None:
        """Raises `Refused` unless this purpose may make this kind."""
        if kind not in self.purposes[purpose].makes:
            raise Refused(f"{purpose} may not make a {kind}; policy.toml lists what it may")

    def check_read(self, purpose: Purpose, kind: Kind) -> None:
        """Raises `Refused` unless this purpose may read this kind (P2.6)."""
        if kind not in self.purposes[purpose].reads:
            raise Refused(f"a {kind} was not collected for {purpose}; policy.toml lists what it may be used for")

    def check_read_held(self, purpose: Purpose, kind: Kind) -> None:
        """Raises `Refused` unless this purpose may read what only a legal hold keeps."""
        if kind not in self.purposes[purpose].held:
            raise Refused(f"this {kind} is kept for a legal duty alone and may not be read for {purpose}")

    def check_region(self, person: str, place: str) -> None:
        """Raises `Refused` unless data of people in one region may be worked on in another (P9.1)."""
        if person != place and not any((one.source, one.target) == (person, place) for one in self.safeguards):
            raise Refused(
                f"data of people in {person} may not be worked on in {place}; record a safeguard in policy.toml, or "
                f"let it wait for a place in {person}"
            )

    def check_objection(self, purpose: Purpose) -> None:
        """Raises `Refused` for what goes on whatever a person says: the account itself, its delivery, legal duties."""
        if not self.purposes[purpose].objectable:
            raise Refused(f"{purpose} cannot be objected to; erase the account, or ask for a restriction")

    def deadline(self, kind: Kind, made_at: datetime, parents: Iterable[datetime | None]) -> datetime | None:
        """The earliest of its own retention and its parents' deadlines (I4); None: as long as the account."""
        own = self.retention[kind]
        ends = [end for end in parents if end is not None]
        if own is not None:
            ends.append(made_at + own)
        return min(ends, default=None)


def _rule(raw: Mapping[str, Any]) -> PurposeRule:
    return PurposeRule(
        basis=LegalBasis(raw["basis"]),
        makes=frozenset(Kind(kind) for kind in raw["makes"]),
        reads=frozenset(Kind(kind) for kind in raw["reads"]),
        held=frozenset(Kind(kind) for kind in raw.get("held", ())),
        frozen=bool(raw.get("frozen", False)),
        objectable=bool(raw.get("objectable", False)),
    )


def parse(text: str) -> Policy:
    """Read a policy; every kind needs a retention and every purpose a rule (`KeyError` or `ValueError` otherwise)."""
    raw = loads(text)
    days = raw["retention_days"]
    return Policy(
        version=raw["version"],
        effective=raw["effective"],
        controller=Controller(**raw["controller"]),
        retention={kind: timedelta(days=days[kind]) if days[kind] else None for kind in Kind},
        purposes={purpose: _rule(raw["purposes"][purpose]) for purpose in Purpose},
        clauses=raw["clauses"],
        safeguards=tuple(Safeguard(one["from"], one["to"], one["basis"]) for one in raw["safeguards"]),
        text=text,
    )


@cache
def shipped() -> Policy:
    """The policy that comes with this version of the service."""
    return parse(resources.files("governance").joinpath("policy.toml").read_text(encoding="utf-8"))
