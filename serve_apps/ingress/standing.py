"""Whether an address is its account's, and passwords that change or were forgotten."""

from governance.errors import NotFound
from governance.people.model import Code, CodeKind
from serve_apps.ingress import accounts
from serve_apps.ingress.auth import Caller
from serve_apps.ingress.errors import Invalid, Unauthorized
from serve_apps.ingress.idempotency import once, perform
from serve_apps.ingress.schemas.accounts import PasswordChange, PasswordReset
from serve_apps.ingress.services import Services

CHANGED = "changed"


async def confirm(parts: Services, text: str) -> None:
    """The address is known to be theirs. `Invalid` for a code that is not good."""
    code = await _code(parts, text, CodeKind.CONFIRMATION)
    await parts.governance.confirm_address(code.id)


async def change_password(parts: Services, caller: Caller, body: PasswordChange, key: str | None) -> None:
    """`Unauthorized` for a wrong current password, `TooManyAttempts`."""
    email_hash = parts.secrets.email_hash((await accounts.profile(parts, caller.id)).email)

    async def work() -> str:
        await accounts.count_attempt(parts, email_hash)
        account = await parts.governance.account_by_email(email_hash)
        if account is None or not await parts.passwords.verify(account.password_hash, body.current.get_secret_value()):
            raise Unauthorized("the current password is wrong", code="wrong_credentials")
        new = await parts.passwords.hash(body.new.get_secret_value())
        await parts.governance.change_password(caller.id, new, caller.token.session)
        return CHANGED

    await perform(parts, once(parts, caller.id, key, "/v1/account/password"), work, _keep)


async def ask_for_reset(parts: Services, email: str) -> None:
    """Sends a code when there is such an account. Runs after the answer, which must not tell whether there is."""
    account = await parts.governance.account_by_email(parts.secrets.email_hash(email))
    if account is not None:
        await accounts.send_code(parts, account.subject.id, CodeKind.RESET)


async def reset_password(parts: Services, body: PasswordReset, key: str | None) -> None:
    """`Invalid` for a code that is not good, `Conflict` for one that was used."""
    code = await _code(parts, body.code.get_secret_value(), CodeKind.RESET)

    async def work() -> str:
        await parts.governance.reset_password(code.id, await parts.passwords.hash(body.password.get_secret_value()))
        return CHANGED

    await perform(parts, once(parts, code.subject, key, "/v1/passwords", code.id.encode()), work, _keep)


async def _code(parts: Services, text: str, kind: CodeKind) -> Code:
    id = parts.secrets.code_id(text)
    try:
        if id is not None:
            return await parts.governance.code(id, kind)
    except NotFound:
        pass
    raise Invalid("this code is not good, or no longer: ask for a new e-mail", code="wrong_code", param="code")


async def _keep(_: str) -> None:
    """A password cannot be changed back."""
