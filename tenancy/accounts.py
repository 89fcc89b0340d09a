"""Who may log in to a tenant, and as what: invited, given roles, removed; passwords chosen and chosen anew.

What a user may no longer do ends before the transaction that says so is committed: should the commit fail, the user's
access tokens have ended for nothing, and the next login gives others. The other way round they would live on.
"""

import secrets
import uuid
from datetime import datetime

from schemas.access_problems import LastOwner, LinkTokenInvalid, UserExists, UserUnknown
from schemas.access_settings import AuthSettings
from schemas.ids import TenantId
from schemas.problems import LoginTooOften
from storage.postgres.api_keys import EndedTokens
from storage.postgres.attempts import AttemptLimits, Attempts
from storage.postgres.audit import NOBODY, AuditEntry, AuditLog, Origin
from storage.postgres.connect import Databases
from storage.postgres.sessions import Sessions
from storage.postgres.users import UserRecord, Users
from tenancy.keys import hash_key
from tenancy.login import Logins, Session, actor_of, network_of
from tenancy.password_rules import check_password
from tenancy.passwords import Passwords
from tenancy.tokens import token_seconds

_HOUR_SECONDS = 3_600


class Accounts:
    """The accounts of one tenant. Changes run in the transaction that the caller has open, if there is one."""

    def __init__(
        self, tenant_id: TenantId, databases: Databases, logins: Logins, passwords: Passwords, settings: AuthSettings
    ) -> None:
        self._database = databases.tenant(tenant_id)
        self._users = Users(self._database)
        self._sessions = Sessions(self._database)
        self._attempts = Attempts(self._database)
        self._audit = AuditLog(self._database)
        self._ended = EndedTokens(databases.control(), tenant_id, token_seconds(settings))
        self._logins = logins
        self._passwords = passwords
        self._settings = settings

    async def invite(self, email: str, role: str) -> tuple[UserRecord, str]:
        """Make a user who has yet to choose a password, and the token of the link for it; again: another link.

        Raises:
            UserExists: the email is an active user's.
            UsersTooMany: the tenant has as many as it may have.
        """
        async with self._database.transaction():
            user = await self._users.by_email(email)
            if user is None:
                user = await self._users.add(email, None, role)
            elif user.state == "active":
                raise UserExists
            elif user.role != role:
                user = await self._users.set_role(user.user_id, role) or user
            return user, await self._link(user)

    async def reset(self, user_id: uuid.UUID) -> tuple[UserRecord, str]:
        """Make the token of a link by which a user chooses another password; until then the old one works.

        Raises:
            UserUnknown: there is no such user.
        """
        user = await self._users.by_id(user_id)
        if user is None:
            raise UserUnknown
        return user, await self._link(user)

    async def count_reset(self, email: str, origin: Origin) -> None:
        """Count somebody who says to have forgotten a password, whether or not the email is a user's.

        Raises:
            LoginTooOften: too many such requests for this account, or from this address.
        """
        limits = AttemptLimits(self._settings.resets_per_hour, self._settings.address_failures_max, _HOUR_SECONDS)
        if not await self._attempts.take("reset", email, network_of(origin.ip), limits):
            raise LoginTooOften(retry_after_seconds=_HOUR_SECONDS)

    async def forgotten(self, email: str, origin: Origin) -> tuple[UserRecord, str] | None:
        """Make such a token for a user who has forgotten the password; None if the email is nobody's."""
        user = await self._users.by_email(email)
        if user is None:
            return None
        async with self._database.transaction():
            await self._audit.add(AuditEntry(NOBODY, origin, "password.forgot", str(user.user_id)))
            return user, await self._link(user)

    async def accept(self, token: str, password: str, origin: Origin, now: datetime) -> Session:
        """Take an invitation or a reset: the link's user gets this password, and a session; all others end.

        Raises:
            LinkTokenInvalid: the link is unknown, used, replaced or expired.
            PasswordRefused: nothing was changed; the link can be used with another one.
        """
        user = await self._users.by_link(hash_key(token))
        if user is None:
            raise LinkTokenInvalid
        check_password(password, user.email)
        password_hash = await self._passwords.hash(password)
        async with self._database.transaction():
            purpose = await self._users.take_link(hash_key(token))
            if purpose is None:
                raise LinkTokenInvalid
            action = "invitation.accept" if purpose == "invitation" else "password.reset"
            return await self._choose(user, password_hash, AuditEntry(actor_of(user), origin, action), now)

    async def change_password(
        self, user_id: uuid.UUID, password: str, new_password: str, origin: Origin, now: datetime
    ) -> Session:
        """Give a user another password, and a session; all others end.

        Raises:
            CredentialsWrong, LoginTooOften: as at a login.
            PasswordRefused: nothing was changed.
            UserUnknown: the user was removed meanwhile.
        """
        user = await self._users.by_id(user_id)
        if user is None:
            raise UserUnknown
        check_password(new_password, user.email)
        await self._logins.verify(user.email, password, origin)
        password_hash = await self._passwords.hash(new_password)
        async with self._database.transaction():
            return await self._choose(user, password_hash, AuditEntry(actor_of(user), origin, "password.change"), now)

    async def set_role(self, user_id: uuid.UUID, role: str) -> UserRecord:
        """Give a user another role, at once.

        Raises:
            UserUnknown: there is no such user.
            LastOwner: nobody else could act as owner.
        """
        async with self._database.transaction():
            if role != "owner":
                await self._keep_an_owner(user_id)
            user = await self._users.set_role(user_id, role)
            if user is None:
                raise UserUnknown
            await self._ended.end(user_id, user.session_version)
            return user

    async def remove(self, user_id: uuid.UUID) -> UserRecord:
        """Remove a user, at once.

        Raises:
            UserUnknown, LastOwner: see `set_role`.
        """
        async with self._database.transaction():
            await self._keep_an_owner(user_id)
            user = await self._users.by_id(user_id)
            if user is None:
                raise UserUnknown
            await self._ended.end(user_id)
            await self._users.remove(user_id)
            return user

    async def _choose(self, user: UserRecord, password_hash: str, entry: AuditEntry, now: datetime) -> Session:
        changed = await self._users.set_password(user.user_id, password_hash)
        if changed is None:
            raise UserUnknown
        await self._sessions.end_all(user.user_id)
        await self._ended.end(user.user_id, changed.session_version)
        await self._attempts.forget("login", user.email)
        entry.subject = str(user.user_id)
        await self._audit.add(entry)
        return await self._logins.begin(changed, now)

    async def _keep_an_owner(self, user_id: uuid.UUID) -> None:
        if await self._users.active_owners() == [user_id]:
            raise LastOwner

    async def _link(self, user: UserRecord) -> str:
        token = secrets.token_urlsafe(32)
        settings = self._settings
        if user.state == "invited":
            await self._users.put_link(
                user.user_id, hash_key(token), "invitation", settings.invitation_hours * _HOUR_SECONDS
            )
        else:
            await self._users.put_link(user.user_id, hash_key(token), "reset", settings.reset_hours * _HOUR_SECONDS)
        return token
