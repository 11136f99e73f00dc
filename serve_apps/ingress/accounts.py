"""Accounts: sign-up, sign-in, what is kept of a person, and its correction."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import date

from governance.errors import Conflict, NotFound
from governance.model import (
    Account,
    By,
    Kind,
    NewAccount,
    NewArtifact,
    Purpose,
    Role,
    Subject,
    SubjectId,
)
from governance.people.model import CodeKind
from serve_apps.ingress.errors import Invalid, Taken, TooManyAttempts, Unauthorized, Underage
from serve_apps.ingress.idempotency import Once, once, recalled, settle
from serve_apps.ingress.schemas.accounts import SignUp
from serve_apps.ingress.services import Services
from serve_apps.notices.language import Language


@dataclass(frozen=True, slots=True)
class Profile:
    """All that is kept of a person besides their photos; stored as a PROFILE artifact (UTF-8 JSON)."""

    name: str
    email: str
    age_checked: bool
    language: Language = Language.ENGLISH


async def sign_up(parts: Services, body: SignUp, key: str | None) -> Subject:
    """A new account. `Underage`, `Taken`, `Invalid` for an unknown region. A repeated request gets the first's."""
    _check_age(parts, body.date_of_birth)
    region = _region(parts, body.region)
    email_hash = parts.secrets.email_hash(body.email)
    new = NewAccount(email_hash, await parts.passwords.hash(body.password.get_secret_value()), region)
    try:
        subject = await parts.governance.create_account(new)
    except Conflict:
        return await _signed_up_before(parts, body, email_hash, key)
    await _write_profile(parts, subject.id, Profile(body.name, body.email, age_checked=True, language=body.language))
    await send_code(parts, subject.id, CodeKind.CONFIRMATION)
    await settle(parts, _once(parts, subject.id, body, key), subject.id, _keep)
    return subject


async def send_code(parts: Services, subject: SubjectId, kind: CodeKind) -> None:
    """By e-mail, where the installation sends any."""
    if parts.settings.mail is not None:
        await parts.governance.send_code(subject, kind)


async def sign_in(parts: Services, email: str, password: str) -> Account:
    """The account; `Unauthorized` alike for an unknown address and a wrong password, `TooManyAttempts` once there
    were too many, in whichever replica."""
    email_hash = parts.secrets.email_hash(email)
    await count_attempt(parts, email_hash)
    account = await parts.governance.account_by_email(email_hash)
    if not await parts.passwords.verify(account.password_hash if account else None, password) or account is None:
        raise Unauthorized("the e-mail address or the password is wrong", code="wrong_credentials")
    await parts.governance.forget_attempts(email_hash)
    return account


async def sign_in_staff(parts: Services, id_token: str) -> Account:
    """The account of somebody with a role, by what their OpenID provider says; `Unauthorized` for everybody else."""
    if parts.id_tokens is None:
        raise NotFound("this installation has no OpenID provider")
    email = await parts.id_tokens.email(id_token, parts.now())
    account = await parts.governance.account_by_email(parts.secrets.email_hash(email))
    if account is None or account.role is Role.CLIENT:
        raise Unauthorized("only staff sign in this way; a role is given by `pixreunion staff`")
    return account


async def count_attempt(parts: Services, email_hash: bytes) -> None:
    """Of giving a password; `TooManyAttempts`."""
    settings = parts.settings.accounts
    locked_until = await parts.governance.count_attempt(
        email_hash, settings.attempts_per_account, settings.attempts_window.total_seconds()
    )
    if locked_until is not None:
        raise TooManyAttempts(retry_after_s=(locked_until - parts.now()).total_seconds())


async def profile(parts: Services, subject: SubjectId, purpose: Purpose = Purpose.DELIVERY) -> Profile:
    """What is kept of a person. `Objected` when they said no to the purpose."""
    found = await parts.governance.artifacts(subject, Kind.PROFILE, limit=1)
    if not found.items:
        raise NotFound("this account has no profile")
    async with parts.holder.plaintext(found.items[0].id, purpose) as data:
        told = json.loads(bytes(data))
    return Profile(**{**told, "language": Language(told.get("language", Language.ENGLISH))})


async def correct(
    parts: Services, subject: SubjectId, name: str | None = None, language: Language | None = None
) -> Profile:
    """Corrects what is given (P2.2): the new profile is written first, then the old one is erased."""
    old = await parts.governance.artifacts(subject, Kind.PROFILE)
    before = await profile(parts, subject)
    corrected = replace(before, name=name or before.name, language=language or before.language)
    await _write_profile(parts, subject, corrected, undo=False)
    for each in old.items:
        await parts.governance.erase(each.id, By.SUBJECT, subject)
    return corrected


def age_on(day: date, born: date) -> int:
    """Whole years; who was born on 29 February turns a year older on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _check_age(parts: Services, born: date) -> None:
    today = parts.now().date()
    if born > today or age_on(today, born) > 130:
        raise Invalid("this is not a date of birth", code="invalid_date_of_birth", param="date_of_birth")
    if age_on(today, born) < parts.settings.accounts.minimum_age:
        raise Underage(f"the service is not for anyone under {parts.settings.accounts.minimum_age}")


def _region(parts: Services, wanted: str | None) -> str:
    regions = parts.settings.accounts.regions
    if wanted is not None and wanted not in regions:
        raise Invalid(f"`region` is one of: {', '.join(regions)}", code="unknown_region", param="region")
    return wanted or regions[0]


async def _signed_up_before(parts: Services, body: SignUp, email_hash: bytes, key: str | None) -> Subject:
    """The account that an earlier request with this key and this password made, else `Taken`."""
    account = await parts.governance.account_by_email(email_hash)
    if account is None or key is None:
        raise Taken()
    if not await parts.passwords.verify(account.password_hash, body.password.get_secret_value()):
        raise Taken()
    if await recalled(parts, _once(parts, account.subject.id, body, key)) is None:
        raise Taken()
    return account.subject


def _once(parts: Services, subject: SubjectId, body: SignUp, key: str | None) -> Once | None:
    """The password is no part of the fingerprint: it is compared by its own slow hash."""
    told = body.model_dump_json(exclude={"password"}).encode()
    return once(parts, subject, key, "/v1/accounts", told)


async def _keep(_: str) -> None:
    """An account is made once by its e-mail address; there is nothing to undo."""


async def _write_profile(parts: Services, subject: SubjectId, profile: Profile, undo: bool = True) -> None:
    new = NewArtifact(Kind.PROFILE, (subject,), Purpose.ACCOUNT)
    try:
        await parts.holder.write(new, bytearray(json.dumps(asdict(profile)).encode()))
    except BaseException:
        if undo:
            await parts.governance.erase(subject, By.OPERATOR)
        raise
