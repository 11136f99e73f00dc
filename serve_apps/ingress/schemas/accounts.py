"""Accounts, sessions and tokens."""

from datetime import date, datetime
from typing import Annotated

from pydantic import EmailStr, Field, SecretStr, StringConstraints

from governance.model import Role, Token
from serve_apps.ingress.schemas.common import Answer, Body, Stripped
from serve_apps.ingress.scopes import Scope
from serve_apps.notices.language import Language

Name = Annotated[str, Stripped, StringConstraints(min_length=1, max_length=200)]
NewPassword = Annotated[SecretStr, Field(min_length=10, max_length=256, examples=["correct horse battery"])]
Password = Annotated[SecretStr, Field(min_length=1, max_length=256, examples=["correct horse battery"])]


class SignUp(Body):
    """`date_of_birth` is checked and forgotten; only that the check was passed is kept."""

    name: Name = Field(examples=["Ada Example"])
    email: EmailStr = Field(examples=["ada@example.org"])
    password: NewPassword
    region: str | None = Field(default=None, description="Where the data is kept and worked on.", examples=["eu"])
    date_of_birth: date = Field(examples=["1990-01-31"])
    language: Language = Field(default=Language.ENGLISH, description="Of the e-mails that we send.", examples=["da"])


class AccountAnswer(Answer):
    """An account as its owner sees it."""

    object: str = "account"
    id: str = Field(examples=["sub_01a20baf9dd6707993b5dc044a7a3ac2"])
    name: str
    email: str
    region: str
    status: str = Field(examples=["active"])
    age_checked: bool
    language: Language
    confirmed: bool = Field(description="Whether the address is known to be yours.")
    role: Role
    created_at: datetime


class SignIn(Body):
    """An e-mail address and its password."""

    email: EmailStr = Field(examples=["ada@example.org"])
    password: Password


class TokenRequest(Body):
    """An API key with some of the caller's own scopes."""

    scopes: frozenset[Scope] = Field(min_length=1, examples=[["images"]])
    lifetime_days: int = Field(default=90, ge=1, le=365)


class TokenAnswer(Answer):
    """The token is shown this one time; only its hash is kept."""

    object: str = "token"
    id: str = Field(examples=["tok_01a20baf9dd6707993b5dc044a7a3ac2"])
    access_token: str = Field(examples=["pxr_bm8gdG9rZW4"])
    token_type: str = "bearer"  # noqa: S105 - the name of a scheme
    scopes: list[str]
    expires_at: datetime
    refresh_token: str | None = Field(default=None, description="A session's: for POST /v1/sessions/refresh, once.")
    refresh_expires_at: datetime | None = None


class Refresh(Body):
    """The refresh token of a session."""

    refresh_token: SecretStr = Field(min_length=1, max_length=256, examples=["pxr_bm8gdG9rZW4"])


class OpenIdSignIn(Body):
    """What the OpenID provider gave a member of staff."""

    id_token: SecretStr = Field(min_length=1, max_length=8192, examples=["eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIifQ.c2ln"])


class KeyAnswer(Answer):
    """An API key without its secret."""

    object: str = "token"
    id: str = Field(examples=["tok_01a20baf9dd6707993b5dc044a7a3ac2"])
    scopes: list[str]
    expires_at: datetime


def key_answer(token: Token) -> KeyAnswer:
    return KeyAnswer(id=token.id, scopes=sorted(token.scopes), expires_at=token.expires_at)


class PasswordChange(Body):
    """The password there is, and the one to be."""

    current: Password
    new: NewPassword


class ResetWanted(Body):
    """Whose password was forgotten."""

    email: EmailStr = Field(examples=["ada@example.org"])


CodeText = Annotated[SecretStr, Field(min_length=1, max_length=100, examples=["0" * 64])]


class CodeGiven(Body):
    """The code from the e-mail."""

    code: CodeText


class PasswordReset(Body):
    """The code from the e-mail, and the password to be."""

    code: CodeText
    password: NewPassword


class Appointment(Body):
    """Who is to work as what."""

    email: EmailStr = Field(examples=["ada@example.org"])
    role: Role


class StaffAnswer(Answer):
    """An account and its role."""

    object: str = "staff"
    id: str = Field(examples=["sub_01a20baf9dd6707993b5dc044a7a3ac2"])
    role: Role
