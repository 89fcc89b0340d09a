"""Logging in: passwords to tokens. Refresh tokens are used once; one used twice ends its whole family."""

import hashlib
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from schemas.ids import TenantId
from schemas.problems import CredentialsWrong, LoginTooOften, TokenInvalid
from schemas.settings import AuthSettings
from storage.postgres.users import UserRecord, Users
from tenancy.passwords import Passwords
from tenancy.tokens import Claims, Tokens


@dataclass(frozen=True, slots=True)
class Session:
    """What a login gives: an access token of `expires_in` seconds, and what renews it."""

    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str = field(repr=False)


def _hash(refresh_token: str) -> bytes:
    return hashlib.sha256(refresh_token.encode()).digest()


class Logins:
    """The logins of one tenant's users."""

    def __init__(
        self, tenant_id: TenantId, users: Users, passwords: Passwords, tokens: Tokens, settings: AuthSettings
    ) -> None:
        self._tenant_id = tenant_id
        self._users = users
        self._passwords = passwords
        self._tokens = tokens
        self._settings = settings

    async def log_in(self, email: str, password: str, now: datetime) -> Session:
        """Start a session.

        Raises:
            LoginTooOften: too many failures of this account within the window.
            CredentialsWrong: in the same time whether the user exists or not.
        """
        failures = await self._users.failures(email, self._settings.login_window_seconds)
        if failures >= self._settings.login_failures_max:
            raise LoginTooOften(retry_after_seconds=self._settings.login_window_seconds)
        user = await self._users.by_email(email)
        if not await self._passwords.verify(password, user.password_hash if user else None) or user is None:
            await self._users.add_failure(email)
            raise CredentialsWrong
        await self._users.clear_failures(email)
        if self._passwords.outdated(user.password_hash):
            await self._users.set_password_hash(user.user_id, await self._passwords.hash(password))
        return await self._session(user, uuid.uuid4(), now)

    async def refresh(self, refresh_token: str, now: datetime) -> Session:
        """Go on with a session.

        Raises:
            TokenInvalid: the token is unknown, ended, or was used before (which ends its family).
        """
        used = await self._users.use_refresh(_hash(refresh_token))
        user = await self._users.by_id(used[1]) if used else None
        if used is None or user is None:
            await self._users.revoke_family(_hash(refresh_token))
            raise TokenInvalid
        return await self._session(user, used[0], now)

    async def log_out(self, refresh_token: str) -> None:
        """End a session: every refresh token of its family."""
        await self._users.revoke_family(_hash(refresh_token))

    async def _session(self, user: UserRecord, family_id: uuid.UUID, now: datetime) -> Session:
        refresh_token = secrets.token_urlsafe(32)
        await self._users.add_refresh(_hash(refresh_token), family_id, user.user_id, self._settings.refresh_days)
        access_token = self._tokens.issue(Claims(str(user.user_id), self._tenant_id, user.role), now)
        return Session(access_token, self._settings.access_seconds, refresh_token)
