"""What is sent and answered about users, sessions, keys and the audit log."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from serve_apps.parameters import Word

Role = Literal["owner", "analyst", "viewer"]
Scope = Literal["ingest", "read", "write"]

Email = Annotated[
    str,
    StringConstraints(
        max_length=254, pattern=r'^[^@\s\x00-\x1f\x7f,;:<>()\[\]\\"]+@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$'
    ),
]
"""An address that a mail can be sent to; one that no server would take is the mail's problem, not ours."""

TypedPassword = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
"""A password as somebody types it; `tenancy/password_rules.py` says which may be chosen."""

LinkToken = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Name = Annotated[Word, StringConstraints(min_length=1, max_length=100)]


class Credentials(BaseModel):
    """What a person logs in with."""

    email: Annotated[Word, StringConstraints(min_length=1, max_length=320)]
    password: TypedPassword


class Renewal(BaseModel):
    """What goes on with, or ends, a session."""

    refresh_token: LinkToken


class SessionAnswer(BaseModel):
    """Tokens of a session; `expires_in` is in seconds."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the RFC's word
    expires_in: int
    refresh_token: str


class SessionUser(BaseModel):
    """Whose a session is."""

    user_id: UUID
    email: str
    role: Role


class CookieSession(BaseModel):
    """A session whose tokens are in cookies; the access token ends after `expires_in` seconds."""

    expires_in: int
    user: SessionUser


class Me(SessionUser):
    """Who a token belongs to, and the tenant's id and name."""

    tenant_id: str
    name: str


class Forgotten(BaseModel):
    """Whose password is forgotten."""

    email: Annotated[Word, StringConstraints(min_length=1, max_length=320)]


class Taken(BaseModel):
    """It was understood; what comes of it is not said here."""

    status: Literal["accepted"] = "accepted"


class Acceptance(BaseModel):
    """The token of an invitation or reset link, and the password that its user chooses."""

    token: LinkToken
    password: TypedPassword


class PasswordChange(BaseModel):
    """The password that is, and the one that shall be."""

    password: TypedPassword
    new_password: TypedPassword


class NewUser(BaseModel):
    """Whom to invite, and as what."""

    email: Email
    role: Role


class RoleChange(BaseModel):
    """What a user is to be."""

    role: Role


class User(SessionUser):
    """A user; who is invited has not chosen a password yet."""

    state: Literal["invited", "active"]
    created_at: datetime
    last_login_at: datetime | None


class InvitedUser(User):
    """A user who was invited just now; the link is null if it was sent by mail."""

    invitation_url: str | None


class ResetLink(BaseModel):
    """Where the user chooses another password; null if the link was sent by mail."""

    reset_url: str | None


class NewKey(BaseModel):
    """A key to make: a write key may send events, with no scope named; a secret key may do what its scopes say."""

    name: Name
    kind: Literal["write", "secret"]
    scopes: Annotated[list[Scope], Field(max_length=3)] = []


class ApiKey(BaseModel):
    """A key as it may be shown: its first letters, and the last day (UTC) on which it was used."""

    key_id: UUID
    name: str
    kind: Literal["write", "secret"]
    scopes: list[Scope]
    key_prefix: str
    created_at: datetime
    created_by: str
    last_used_on: date | None


class MadeKey(ApiKey):
    """A key that was made just now: the only answer that shows all of it."""

    key: str


class SigningKey(BaseModel):
    """A token key: from when on it signs, and when the last of its tokens has expired."""

    kid: str
    state: Literal["next", "current", "retiring"]
    signs_from: datetime
    ends_at: datetime | None


class AuditActor(BaseModel):
    """Who did something: users by id and email, keys by id and name; `nobody` is whoever failed to log in."""

    kind: Literal["user", "key", "platform", "system", "nobody"]
    id: str
    label: str


class AuditRecord(BaseModel):
    """Something that was done, to what, by whom, and from where."""

    audit_id: int
    at: datetime
    actor: AuditActor
    action: str
    subject: str
    ip: str
    request_id: str
    detail: dict[str, Any]
