"""Logging in: passwords to tokens. Refresh tokens are used once; one used twice ends its whole session."""

import ipaddress
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from schemas.access_settings import AuthSettings
from schemas.ids import TenantId
from schemas.problems import CredentialsWrong, LoginTooOften, TokenInvalid
from storage.postgres.api_keys import EndedTokens
from storage.postgres.attempts import AttemptLimits, Attempts
from storage.postgres.audit import NOBODY, Actor, AuditEntry, AuditLog, Origin
from storage.postgres.connect import Database, Databases
from storage.postgres.sessions import SessionDays, SessionRecord, Sessions
from storage.postgres.users import UserRecord, Users
from tenancy.keys import hash_key
from tenancy.passwords import Passwords
from tenancy.tokens import Claims, Tokens, token_seconds


@dataclass(frozen=True, slots=True)
class Session:
    """What a login gives: an access token of `expires_in` seconds, and what renews it."""

    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str = field(repr=False)
    session_id: str
    user: UserRecord


def network_of(ip: str) -> str:
    """Give the address by which attempts are counted: of IPv6 the /64, for whoever has one address has all of those."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv4Address):
        return ip
    mapped = address.ipv4_mapped
    return str(mapped or ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))


def actor_of(user: UserRecord) -> Actor:
    """Name a user as the audit log does."""
    return Actor("user", str(user.user_id), user.email)


class Logins:
    """The logins of one tenant's users."""

    def __init__(
        self, tenant_id: TenantId, databases: Databases, passwords: Passwords, tokens: Tokens, settings: AuthSettings
    ) -> None:
        self._tenant_id = tenant_id
        self._database: Database = databases.tenant(tenant_id)
        self._users = Users(self._database)
        self._sessions = Sessions(self._database)
        self._attempts = Attempts(self._database)
        self._audit = AuditLog(self._database)
        self._ended = EndedTokens(databases.control(), tenant_id, token_seconds(settings))
        self._passwords = passwords
        self._tokens = tokens
        self._settings = settings
        self._days = SessionDays(settings.refresh_days, settings.session_days)

    async def log_in(self, email: str, password: str, origin: Origin, now: datetime) -> Session:
        """Start a session.

        Raises:
            LoginTooOften: too many attempts at this account, or from this address, within the window.
            CredentialsWrong: in the same time whether the user exists or not.
        """
        user = await self.verify(email, password, origin)
        if self._passwords.outdated(user.password_hash or ""):
            await self._users.renew_hash(user, await self._passwords.hash(password))
        async with self._database.transaction():
            session = await self.begin(user, now)
            await self._audit.sweep()
            await self._audit.add(AuditEntry(actor_of(user), origin, "login", session.session_id))
        return session

    async def verify(self, email: str, password: str, origin: Origin) -> UserRecord:
        """Find the user whose email and password these are.

        Raises:
            LoginTooOften, CredentialsWrong: see `log_in`.
        """
        settings = self._settings
        limits = AttemptLimits(
            settings.login_failures_max, settings.address_failures_max, settings.login_window_seconds
        )
        if not await self._attempts.take("login", email, network_of(origin.ip), limits):
            raise LoginTooOften(retry_after_seconds=settings.login_window_seconds)
        user = await self._users.by_email(email)
        if not await self._passwords.verify(password, user.password_hash if user else None) or user is None:
            # What was typed is not written down: it may be a password in the wrong field.
            await self._audit.add(AuditEntry(NOBODY, origin, "login.failed", user.email if user else ""))
            raise CredentialsWrong
        await self._attempts.forget("login", email)
        return user

    async def begin(self, user: UserRecord, now: datetime) -> Session:
        """Start a session of a user who has proved to be this one; in the transaction that the caller has open.

        Raises:
            CredentialsWrong: the user was removed or changed meanwhile.
        """
        if not await self._users.logged_in(user):
            raise CredentialsWrong
        refresh_token = secrets.token_urlsafe(32)
        session = SessionRecord(uuid.uuid4(), user.user_id)
        await self._sessions.begin(session, hash_key(refresh_token), now, self._days)
        return self._session(user, session, refresh_token, now)

    async def refresh(self, refresh_token: str, origin: Origin, now: datetime) -> Session:
        """Go on with a session.

        Raises:
            TokenInvalid: the token is unknown, ended, or was used before (which ends its session).
        """
        next_token = secrets.token_urlsafe(32)
        session = await self._sessions.go_on(hash_key(refresh_token), hash_key(next_token), self._days)
        user = await self._users.by_id(session.user_id) if session else None
        if session is None or user is None:
            await self._refuse(refresh_token, origin)
            raise TokenInvalid
        return self._session(user, session, next_token, now)

    async def log_out(self, refresh_token: str, origin: Origin) -> None:
        """End a session: its refresh tokens at once, its access tokens within a second. Repeating it does no harm."""
        session = await self._sessions.of_token(hash_key(refresh_token))
        if session is not None:
            await self._end(session, AuditEntry(Actor("user", str(session.user_id)), origin, "logout"))

    async def _refuse(self, refresh_token: str, origin: Origin) -> None:
        session = await self._sessions.of_token(hash_key(refresh_token))
        if session is not None and session.was_used:
            await self._end(session, AuditEntry(NOBODY, origin, "session.reuse"))

    async def _end(self, session: SessionRecord, entry: AuditEntry) -> None:
        entry.subject = str(session.session_id)
        async with self._database.transaction():
            await self._sessions.end(session)
            await self._ended.end(session.session_id)
            await self._audit.add(entry)

    def _session(self, user: UserRecord, session: SessionRecord, refresh_token: str, now: datetime) -> Session:
        session_id = str(session.session_id)
        claims = Claims(str(user.user_id), self._tenant_id, user.role, session_id, user.session_version)
        access_token = self._tokens.issue(claims, now)
        return Session(access_token, self._settings.access_seconds, refresh_token, session_id, user)
